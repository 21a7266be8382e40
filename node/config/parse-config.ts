/** Flags, variables and a file, in this order of precedence, become one `Config`. Pure: the file's text is given. */
import { parse as parseYaml, YAMLParseError } from 'yaml';
import type { z } from 'zod';
import { type Config, configSchema } from './config.ts';
import { nearest } from './nearest.ts';
import { aboutSetting, configFile, type SettingName, settingNames, variableOf } from './settings.ts';

/** A user's mistake: the message is one line for each, complete without a stack. */
export class ConfigError extends Error {
  constructor(problems: readonly string[]) {
    super(problems.join('\n'));
    this.name = 'ConfigError';
  }
}

/** By the flag's name without dashes; a flag without a value is true. */
export type Flags = Readonly<Record<string, string | boolean | undefined>>;
export type Environment = Readonly<Record<string, string | undefined>>;

/** A setting's text, and where it was found in the words of a user. */
type Found = { readonly text: string; readonly where: string };

/**
 * @param readFile of the file that `--config` or `QUORATE_CONFIG` names
 * @throws ConfigError naming each wrong setting, its value and what is allowed
 */
export function parseConfig(flags: Flags, env: Environment, readFile: (file: string) => string): Config {
  refuseAlmostKnown(env);
  const fromFile = readSettingsFile(flags, env, readFile);
  const found = new Map<string, Found>();
  for (const setting of settingNames) {
    const { flag } = aboutSetting(setting);
    const value = fromFlags(flags, flag) ?? fromEnvironment(env, flag) ?? fromFile.get(flag);
    if (value !== undefined) found.set(setting, value);
  }
  const texts = settingNames.map((name) => [name, found.get(name)?.text ?? aboutSetting(name).fallback]);
  const result = configSchema.safeParse(Object.fromEntries(texts));
  if (result.success) return result.data;
  throw new ConfigError(result.error.issues.map((issue) => describe(issue, found)));
}

function describe(issue: z.core.$ZodIssue, found: ReadonlyMap<string, Found>): string {
  const name = String(issue.path[0]) as SettingName;
  const about = aboutSetting(name);
  const { text, where } = found.get(name) ?? { text: about.fallback ?? '', where: `--${about.flag} (its default)` };
  return `${where}: '${text}' ${issue.message}`;
}

function fromFlags(flags: Flags, flag: string): Found | undefined {
  const value = flags[flag];
  return value === undefined ? undefined : { text: String(value), where: `--${flag}` };
}

/** An empty variable counts as unset: that is how Compose files and manifests leave one out. */
function fromEnvironment(env: Environment, flag: string): Found | undefined {
  const variable = variableOf(flag);
  const value = env[variable];
  return value === undefined || value === '' ? undefined : { text: value, where: variable };
}

/**
 * Kubernetes and the command line client have QUORATE_* variables of their own, so an unknown one is no mistake;
 * one that differs from a known one by a letter or two is.
 */
function refuseAlmostKnown(env: Environment): void {
  const known = [...settingNames.map((name) => variableOf(aboutSetting(name).flag)), variableOf(configFile.flag)];
  for (const variable of Object.keys(env)) {
    if (!variable.startsWith('QUORATE_') || known.includes(variable)) continue;
    const meant = nearest(variable, known, 2);
    if (meant !== null) throw new ConfigError([`${variable} is not a setting; did you mean ${meant}?`]);
  }
}

function readSettingsFile(
  flags: Flags,
  env: Environment,
  readFile: (file: string) => string,
): ReadonlyMap<string, Found> {
  const file = fromFlags(flags, configFile.flag) ?? fromEnvironment(env, configFile.flag);
  if (file === undefined) return new Map();
  const content = parseFile(file.text, readFile);
  const known = settingNames.map((name) => aboutSetting(name).flag);
  const found = new Map<string, Found>();
  const problems: string[] = [];
  for (const [key, value] of Object.entries(content)) {
    if (value === null || value === undefined) continue;
    if (!known.includes(key)) {
      const meant = nearest(key, known, Math.max(2, Math.floor(key.length / 2)));
      problems.push(`${file.text}: '${key}' is not a setting${meant === null ? '' : `; did you mean '${meant}'?`}`);
    } else if (typeof value === 'object' && !isListOfTexts(value)) {
      problems.push(`${file.text}: '${key}' must be a text, a number or a list of texts`);
    } else {
      found.set(key, { text: String(value), where: `${file.text}: ${key}` });
    }
  }
  if (problems.length > 0) throw new ConfigError(problems);
  return found;
}

function isListOfTexts(value: object): boolean {
  return Array.isArray(value) && value.every((item) => typeof item === 'string');
}

function parseFile(file: string, readFile: (file: string) => string): object {
  let content: unknown;
  try {
    content = parseYaml(readFile(file));
  } catch (error) {
    const why = error instanceof YAMLParseError ? error.message.split('\n')[0] : (error as Error).message;
    throw new ConfigError([`cannot read the settings in ${file}: ${why}`]);
  }
  if (content === null || content === undefined) return {};
  if (typeof content !== 'object' || Array.isArray(content)) {
    throw new ConfigError([`cannot read the settings in ${file}: it must hold lines like 'election-timeout: 1s'`]);
  }
  return content;
}
