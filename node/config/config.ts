/** The settings as the member wants them: what belongs together in one field, what contradicts itself refused. */
import type { z } from 'zod';
import { aboutSetting, type SettingName, type Settings, settings } from './settings.ts';
import type { NamedUrl } from './values.ts';

/** How an empty data folder comes to a cluster. URLs are client URLs, and may hold templates. */
export type Formation =
  /** Parked until someone calls bootstrap or join. */
  | { readonly kind: 'Wait' }
  | { readonly kind: 'InitialCluster'; readonly members: readonly NamedUrl[] }
  | { readonly kind: 'Expect'; readonly count: number; readonly urls: readonly string[] }
  | { readonly kind: 'Join'; readonly urls: readonly string[]; readonly replace: number | null };

export type PeerTls = { readonly certFile: string; readonly keyFile: string; readonly caFile: string };

export type ClientTls = {
  readonly certFile: string;
  readonly keyFile: string;
  readonly caFile: string | null;
  readonly requireClientCert: boolean;
};

type Regrouped =
  | 'advertiseClientUrl'
  | 'advertisePeer'
  | 'initialCluster'
  | 'bootstrapExpect'
  | 'join'
  | 'replace'
  | `peerTls${string}`
  | `clientTls${string}`;

/**
 * Everything a member is told from outside, valid and frozen. `name`, the addresses and the URLs may still hold
 * templates (`{{private}}:2380`), which are resolved when the member starts.
 */
export type Config = {
  readonly [Name in SettingName as Name extends Regrouped ? never : Name]: Settings[Name];
} & {
  readonly advertiseClientUrl: string;
  readonly advertisePeer: string;
  readonly formation: Formation;
  readonly peerTls: PeerTls | null;
  readonly clientTls: ClientTls | null;
};

export const configSchema: z.ZodType<Config> = settings.superRefine(refuseContradictions).transform(assemble);

type Refuse = (setting: SettingName, message: string) => void;

function refuseContradictions(all: Settings, context: z.RefinementCtx): void {
  const refuse: Refuse = (setting, message) => context.addIssue({ code: 'custom', path: [setting], message });
  const flag = (setting: SettingName): string => `--${aboutSetting(setting).flag}`;

  if (all.electionTimeoutMs < 3 * all.heartbeatIntervalMs) {
    refuse(
      'electionTimeoutMs',
      `must be at least 3 times ${flag('heartbeatIntervalMs')} (${all.heartbeatIntervalMs}ms)`,
    );
  }
  if (all.logTailBytes >= all.maxLogBytes) refuse('logTailBytes', `must be below ${flag('maxLogBytes')}`);
  if (all.resumeFreeBytes < all.minFreeBytes) refuse('resumeFreeBytes', `must not be below ${flag('minFreeBytes')}`);
  for (const limit of ['maxProposalBytesInFlight', 'maxUncommittedBytes', 'maxInflightBytes'] as const) {
    if (all[limit] < all.maxRequestBytes) refuse(limit, `must not be below ${flag('maxRequestBytes')}`);
  }

  if (all.initialCluster !== null) {
    for (const other of ['bootstrapExpect', 'join'] as const) {
      if (all[other] !== null)
        refuse(other, `does not go together with ${flag('initialCluster')}: choose one way to form or join`);
    }
  }
  if (all.bootstrapExpect !== null && all.bootstrapExpect > 1 && all.join === null) {
    refuse('bootstrapExpect', `needs ${flag('join')} with the client URLs of the members to form a cluster with`);
  }
  if (all.replace !== null && (all.join === null || all.bootstrapExpect !== null)) {
    refuse('replace', `needs ${flag('join')} with the URL of the running cluster, without ${flag('bootstrapExpect')}`);
  }

  if (all.advertiseClientUrl === null && isWildcard(all.listenClient)) {
    refuse(
      'listenClient',
      `is every address of this machine, which tells nobody where to connect: give ${flag('advertiseClientUrl')} too, such as http://{{private}}:2379`,
    );
  }
  if (all.advertisePeer === null && isWildcard(all.listenPeer)) {
    refuse(
      'listenPeer',
      `is every address of this machine, which tells nobody where to connect: give ${flag('advertisePeer')} too, such as {{private}}:2380`,
    );
  }

  needTogether(all, ['peerTlsCert', 'peerTlsKey', 'peerTlsCa'], refuse);
  needTogether(all, ['clientTlsCert', 'clientTlsKey'], refuse);
  if (all.clientTlsCa !== null && all.clientTlsCert === null) refuse('clientTlsCa', `needs ${flag('clientTlsCert')}`);
  if (all.clientTlsRequireClientCert && all.clientTlsCa === null) {
    refuse('clientTlsRequireClientCert', `needs ${flag('clientTlsCa')}`);
  }
}

function needTogether(all: Settings, names: readonly SettingName[], refuse: Refuse): void {
  const given = names.find((name) => all[name] !== null);
  const missing = names.filter((name) => all[name] === null);
  if (given === undefined || missing.length === 0) return;
  refuse(given, `needs ${missing.map((name) => `--${aboutSetting(name).flag}`).join(' and ')}`);
}

function isWildcard(address: string): boolean {
  return /^(?:0\.0\.0\.0|\[::\]):/.test(address);
}

function assemble(all: Settings): Config {
  const { initialCluster, bootstrapExpect, join, replace, ...others } = all;
  const { peerTlsCert, peerTlsKey, peerTlsCa, ...withoutPeerTls } = others;
  const { clientTlsCert, clientTlsKey, clientTlsCa, clientTlsRequireClientCert, ...rest } = withoutPeerTls;
  return deepFreeze({
    ...rest,
    advertiseClientUrl: all.advertiseClientUrl ?? `${clientTlsCert === null ? 'http' : 'https'}://${all.listenClient}`,
    advertisePeer: all.advertisePeer ?? all.listenPeer,
    formation: formationOf(all),
    peerTls:
      peerTlsCert === null || peerTlsKey === null || peerTlsCa === null
        ? null
        : { certFile: peerTlsCert, keyFile: peerTlsKey, caFile: peerTlsCa },
    clientTls:
      clientTlsCert === null || clientTlsKey === null
        ? null
        : {
            certFile: clientTlsCert,
            keyFile: clientTlsKey,
            caFile: clientTlsCa,
            requireClientCert: clientTlsRequireClientCert,
          },
  });
}

function formationOf({ initialCluster, bootstrapExpect, join, replace }: Settings): Formation {
  if (initialCluster !== null) return { kind: 'InitialCluster', members: initialCluster };
  if (bootstrapExpect !== null) return { kind: 'Expect', count: bootstrapExpect, urls: join ?? [] };
  if (join !== null) return { kind: 'Join', urls: join, replace };
  return { kind: 'Wait' };
}

function deepFreeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null) {
    Object.values(value).forEach(deepFreeze);
    Object.freeze(value);
  }
  return value;
}
