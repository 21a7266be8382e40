/** What the panels of a dashboard ask, read from the file that Grafana is given. */
import { readFileSync } from 'node:fs';

type Panel = { readonly type: string; readonly title: string; readonly targets?: readonly { readonly expr: string }[] };
type Variable = { readonly name: string; readonly type: string };

export type PanelQuery = { readonly panel: string; readonly expr: string };

/** Every query, with each variable set to All and the rate interval to `interval`. */
export function panelQueries(dashboard: 'members' | 'operator', interval: string): readonly PanelQuery[] {
  const file = new URL(`../../charts/quorate/files/dashboards/${dashboard}.json`, import.meta.url);
  const { panels, templating } = JSON.parse(readFileSync(file, { encoding: 'utf8' })) as {
    panels: Panel[];
    templating: { list: Variable[] };
  };
  const variables = templating.list.filter(({ type }) => type === 'query').map(({ name }) => name);
  return panels
    .filter(({ type }) => type !== 'row')
    .flatMap(({ title, targets = [] }) =>
      targets.map(({ expr }) => {
        let filled = expr.replaceAll('$__rate_interval', interval);
        for (const name of variables) filled = filled.replaceAll(`$${name}`, '.*');
        if (filled.includes('$')) throw new Error(`${title}: a variable is left in ${filled}`);
        return { panel: title, expr: filled };
      }),
    );
}
