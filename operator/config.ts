/** The settings of the operator: flags, or variables of the same names; validated once. */
import { type Command, Option } from 'commander';
import { ConfigError, type Environment, type Flags } from '../node/config/parse-config.ts';
import { bool, hostAndPort, integer, oneOf, type TextType, textMatching } from '../node/config/values.ts';

export type OperatorConfig = {
  /** The one namespace to look after; null for all of them. */
  readonly namespace: string | null;
  /** The image of this operator; null when it shall be read from its own pod. */
  readonly image: string | null;
  readonly workers: number;
  /** Whether the chart brings the alerts of all members. */
  readonly chartAlerts: boolean;
  readonly listen: string;
  readonly leaderElection: boolean;
  readonly leaseName: string;
  /** The namespace of the lease; null for the one in which the operator runs. */
  readonly leaseNamespace: string | null;
  readonly logLevel: 'debug' | 'info' | 'warn' | 'error';
  /** A kubeconfig to use; null for the pod's service account, or outside of a pod for KUBECONFIG or ~/.kube/config. */
  readonly kubeconfig: string | null;
  readonly context: string | null;
};

type Setting<T> = {
  readonly flag: string;
  readonly placeholder: string;
  readonly type: TextType<T>;
  readonly fallback: T;
  readonly help: string;
};

const label = textMatching(/^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/, 'a name of lower-case letters, digits and "-"');
const anyText = textMatching(/./, 'a text');

const settings: { readonly [Name in keyof OperatorConfig]: Setting<OperatorConfig[Name]> } = {
  namespace: {
    flag: 'namespace',
    placeholder: 'NAME',
    type: label,
    fallback: null,
    help: 'Look after the RaftClusters of this namespace only; all when not given',
  },
  image: {
    flag: 'image',
    placeholder: 'IMAGE',
    type: anyText,
    fallback: null,
    help: 'What clusters without an image of their own run; the image of this pod when not given',
  },
  workers: {
    flag: 'workers',
    placeholder: 'COUNT',
    type: integer(1, 100),
    fallback: 8,
    help: 'RaftClusters that are worked on at the same time',
  },
  chartAlerts: {
    flag: 'chart-alerts',
    placeholder: 'true|false',
    type: bool,
    fallback: false,
    help: 'The chart brings the alerts of all members: a RaftCluster brings its own with prometheusRule Enabled alone',
  },
  listen: {
    flag: 'listen',
    placeholder: 'HOST:PORT',
    type: hostAndPort,
    fallback: '[::]:8080',
    help: 'Where /livez, /readyz and /metrics are served; [::] is every address, of IPv4 too',
  },
  leaderElection: {
    flag: 'leader-election',
    placeholder: 'true|false',
    type: bool,
    fallback: true,
    help: 'Act only while holding the lease; without it, be the only operator there is',
  },
  leaseName: {
    flag: 'lease-name',
    placeholder: 'NAME',
    type: label,
    fallback: 'quorate-operator',
    help: 'Name of the lease',
  },
  leaseNamespace: {
    flag: 'lease-namespace',
    placeholder: 'NAME',
    type: label,
    fallback: null,
    help: 'Namespace of the lease; that of the operator when not given',
  },
  logLevel: {
    flag: 'log-level',
    placeholder: 'LEVEL',
    type: oneOf(['debug', 'info', 'warn', 'error']),
    fallback: 'info',
    help: 'Least level of log lines: debug, info, warn or error',
  },
  kubeconfig: {
    flag: 'kubeconfig',
    placeholder: 'FILE',
    type: anyText,
    fallback: null,
    help: "How to reach the API server; the pod's service account when not given, or KUBECONFIG",
  },
  context: {
    flag: 'context',
    placeholder: 'NAME',
    type: anyText,
    fallback: null,
    help: 'Context of the kubeconfig; its current one when not given',
  },
};

const all = Object.entries(settings) as [keyof OperatorConfig, Setting<unknown>][];

export function addOperatorSettings(command: Command): Command {
  for (const [name, { flag, placeholder, help }] of all) {
    const { fallback } = settings[name];
    const more = [variableOf(flag), ...(fallback === null ? [] : [`default ${fallback}`])].join(', ');
    command.addOption(new Option(`--${flag} <${placeholder}>`, `${help} (${more})`));
  }
  return command;
}

/** Reads the flags that were given, for `parseOperatorConfig`. */
export function operatorFlags(command: Command): Flags {
  return Object.fromEntries(
    command.options.map((option) => [option.long!.slice(2), command.getOptionValue(option.attributeName()) as string]),
  );
}

/** @throws ConfigError naming each wrong setting, its value and what is allowed */
export function parseOperatorConfig(flags: Flags, env: Environment): OperatorConfig {
  const problems: string[] = [];
  const values = all.map(([name, { flag, type, fallback }]) => {
    // An empty variable counts as unset: that is how manifests leave one out.
    const text = flags[flag] ?? (env[variableOf(flag)] || undefined);
    if (text === undefined) return [name, fallback];
    const result = type.safeParse(String(text));
    if (result.success) return [name, result.data];
    const where = flags[flag] === undefined ? variableOf(flag) : `--${flag}`;
    problems.push(`${where}: '${text}' ${result.error.issues[0]!.message}`);
    return [name, fallback];
  });
  if (problems.length > 0) throw new ConfigError(problems);
  return Object.fromEntries(values) as OperatorConfig;
}

function variableOf(flag: string): string {
  return `QUORATE_OPERATOR_${flag.toUpperCase().replaceAll('-', '_')}`;
}
