/** The settings that may hold templates, resolved for the machine that the member runs on. */
import type { Config, Formation } from './config/config.ts';
import { ConfigError } from './config/parse-config.ts';
import { formatAddress, type HostPort, parseAddress } from './transport/address.ts';
import { expandAddress, type Machine } from './transport/address-template.ts';

export type Addresses = {
  readonly name: string;
  readonly listenClient: HostPort;
  readonly listenPeer: HostPort;
  readonly listenHealth: HostPort | null;
  readonly advertiseClientUrl: string;
  readonly advertisePeer: string;
  readonly formation: Formation;
};

/** @throws ConfigError when a template names what this machine does not have, or two would listen at one place */
export function resolveAddresses(config: Config, machine: Machine): Addresses {
  const resolved = (text: string): string => expand(text, machine);
  const addresses: Addresses = {
    name: resolved(config.name),
    listenClient: listenAddress(resolved(config.listenClient), machine),
    listenPeer: listenAddress(resolved(config.listenPeer), machine),
    listenHealth: config.listenHealth === null ? null : listenAddress(resolved(config.listenHealth), machine),
    advertiseClientUrl: resolved(config.advertiseClientUrl),
    advertisePeer: resolved(config.advertisePeer),
    formation: resolveFormation(config.formation, resolved),
  };
  assertApart(addresses);
  return addresses;
}

function expand(text: string, machine: Machine): string {
  try {
    return expandAddress(text, machine);
  } catch (error) {
    throw new ConfigError([`'${text}': ${(error as Error).message}`]);
  }
}

/** The peer port is opened last, when the member is counted already: until then nothing else would tell. */
function assertApart({ listenClient, listenPeer, listenHealth }: Addresses): void {
  const listeners: [string, HostPort][] = [
    ['--listen-client', listenClient],
    ['--listen-peer', listenPeer],
  ];
  if (listenHealth !== null) listeners.push(['--listen-health', listenHealth]);
  for (const [index, [flag, { host, port }]] of listeners.entries()) {
    const other = listeners.slice(0, index).find(([, earlier]) => meets(earlier, { host, port }));
    if (other === undefined) continue;
    throw new ConfigError([
      `${flag}: '${formatAddress(host, port)}' is where ${other[0]} listens: choose another port`,
    ]);
  }
}

function meets(a: HostPort, b: HostPort): boolean {
  return (
    a.port === b.port && (a.host === b.host || [a.host, b.host].some((host) => host === '::' || host === '0.0.0.0'))
  );
}

/**
 * `[::]` is every address, those of IPv4 too: what is the same for machines of either family. Where IPv6 is switched off,
 * it would be refused, and IPv4 is all there is.
 */
function listenAddress(text: string, { interfaces }: Machine): HostPort {
  const { host, port } = parseAddress(text);
  const hasIPv6 = Object.values(interfaces).some((infos) => infos?.some(({ family }) => family === 'IPv6'));
  return { host: host === '::' && !hasIPv6 ? '0.0.0.0' : host, port };
}

function resolveFormation(formation: Formation, resolved: (text: string) => string): Formation {
  switch (formation.kind) {
    case 'Wait':
      return formation;
    case 'InitialCluster':
      return {
        ...formation,
        members: formation.members.map(({ name, url }) => ({ name: resolved(name), url: resolved(url) })),
      };
    case 'Expect':
    case 'Join':
      return { ...formation, urls: formation.urls.map(resolved) };
  }
}
