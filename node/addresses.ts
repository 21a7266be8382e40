/** The settings that may hold templates, resolved for the machine that the member runs on. */
import type { Config, Formation } from './config/config.ts';
import { type HostPort, parseAddress } from './transport/address.ts';
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

/** @throws when a template names what this machine does not have */
export function resolveAddresses(config: Config, machine: Machine): Addresses {
  const resolved = (text: string): string => expandAddress(text, machine);
  return {
    name: resolved(config.name),
    listenClient: parseAddress(resolved(config.listenClient)),
    listenPeer: parseAddress(resolved(config.listenPeer)),
    listenHealth: config.listenHealth === null ? null : parseAddress(resolved(config.listenHealth)),
    advertiseClientUrl: resolved(config.advertiseClientUrl),
    advertisePeer: resolved(config.advertisePeer),
    formation: resolveFormation(config.formation, resolved),
  };
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
