/** The settings as options of a command. */
import { type Command, Option } from 'commander';
import type { Flags } from './parse-config.ts';
import { type About, aboutSetting, configFile, settingNames, variableOf } from './settings.ts';

/** Adds one option for each setting, in groups, with variable and default in the help. */
export function addSettings(command: Command): Command {
  command.addOption(optionOf(configFile));
  for (const name of settingNames) command.addOption(optionOf(aboutSetting(name)));
  return command;
}

/**
 * The flags that were given to a command which `addSettings` was called on, for `parseConfig`. Options that the
 * command has besides are left out.
 */
export function settingsGiven(command: Command): Flags {
  const known = new Set([configFile.flag, ...settingNames.map((name) => aboutSetting(name).flag)]);
  const given: Record<string, string | boolean> = {};
  for (const option of command.options) {
    const flag = option.long!.slice(2);
    const value: unknown = command.getOptionValue(option.attributeName());
    if (known.has(flag) && (typeof value === 'string' || typeof value === 'boolean')) given[flag] = value;
  }
  return given;
}

function optionOf({ flag, placeholder, fallback, help, group }: About): Option {
  const more = [`${variableOf(flag)}`, ...(fallback === null ? [] : [`default ${fallback}`])].join(', ');
  return new Option(placeholder === null ? `--${flag}` : `--${flag} <${placeholder}>`, `${help} (${more})`).helpGroup(
    `${group}:`,
  );
}
