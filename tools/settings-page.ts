/** The table of settings for the docs, made from the schema that the member validates with. */
import { type About, aboutSetting, configFile, settingNames, variableOf } from '../node/config/settings.ts';

export function settingsPage(): string {
  const groups = Map.groupBy([...settingNames.map(aboutSetting), configFile], ({ group }) => group);
  const sections = [...groups].map(([group, rows]) => section(group, rows));
  return `${introduction}\n${sections.join('\n')}`;
}

const introduction = `<!-- Made by \`npm run docs\` from node/config/settings.ts: change it there. -->

# Settings of a member

Each setting can be given to \`quorate node\` as a flag, as an environment variable, or in the YAML file that \`--config\`
or \`QUORATE_CONFIG\` names, under the name of its flag without the dashes:

\`\`\`yaml
name: alice
election-timeout: 500ms
join: [http://10.0.0.1:2379, http://10.0.0.2:2379]
\`\`\`

A flag wins over a variable, a variable over the file. Times have a unit (\`100ms\`, \`1s\`, \`5m\`, \`2h\`, \`1d\`), sizes may
have one (\`512KiB\`, \`64MiB\`, \`1GB\`). Names, addresses and URLs may hold templates: \`{{hostname}}\`, \`{{private}}\` (this
machine's private address), \`{{interface eth0}}\`.
`;

function section(group: string, rows: readonly About[]): string {
  const lines = rows.map(({ flag, placeholder, fallback, help }) => {
    const usage = placeholder === null ? `--${flag}` : `--${flag} ${placeholder}`;
    return `| \`${usage}\` | \`${variableOf(flag)}\` | ${fallback === null ? '' : `\`${fallback}\``} | ${help} |`;
  });
  return `## ${group}\n\n| flag | variable | default | meaning |\n|---|---|---|---|\n${lines.join('\n')}\n`;
}
