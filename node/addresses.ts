/** The settings that may hold templates, resolved for the machine that the member runs on. */
import type { Config, Formation } from './config/config.ts';
import { ConfigError } from './config/parse-config.ts';
import { aboutSetting, type SettingName } from './config/settings.ts';
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

/** @throws ConfigError when a template names what this machine does not have */
export function resolveAddresses(config: Config, machine: Machine): Addresses {
  const resolved: Resolve = (setting, text) => {
    try {
      return expandAddress(text, machine);
    } catch (error) {
      throw new ConfigError([`--${aboutSetting(setting).flag}: '${text}': ${(error as Error).message}`]);
    }
  };
  const { listenHealth } = config;
  return {
    name: resolved('name', config.name),
    listenClient: listenAddress(resolved('listenClient', config.listenClient), machine),
    listenPeer: listenAddress(resolved('listenPeer', config.listenPeer), machine),
    listenHealth: listenHealth === null ? null : listenAddress(resolved('listenHealth', listenHealth), machine),
    advertiseClientUrl: resolved('advertiseClientUrl', config.advertiseClientUrl),
    advertisePeer: resolved('advertisePeer', config.advertisePeer),
    formation: resolveFormation(config.formation, resolved),
  };
}

type Resolve = (setting: SettingName, text: string) => string;

/**
 * `[::]` is every address, those of IPv4 too: what is the same for machines of either family. Where IPv6 is switched off,
 * it would be refused, and IPv4 is all there is.
 */
function listenAddress(text: string, { interfaces }: Machine): HostPort {
  const { host, port } = parseAddress(text);
  const hasIPv6 = Object.values(interfaces).some((infos) => infos?.some(({ family }) => family === 'IPv6'));
  return { host: host === '::' && !hasIPv6 ? '0.0.0.0' : host, port };
}

function resolveFormation(formation: Formation, resolved: Resolve): Formation {
  switch (formation.kind) {
    case 'Wait':
      return formation;
    case 'InitialCluster':
      return {
        ...formation,
        members: formation.members.map(({ name, url }) => ({
          name: resolved('initialCluster', name),
          url: resolved('initialCluster', url),
        })),
      };
    case 'Expect':
    case 'Join':
      return { ...formation, urls: formation.urls.map((url) => resolved('join', url)) };
  }
}
