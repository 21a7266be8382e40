import assert from 'node:assert/strict';
import type { NetworkInterfaceInfo } from 'node:os';
import { test } from 'node:test';
import { resolveAddresses } from './addresses.ts';
import { parseConfig } from './config/parse-config.ts';

function interfaceOf(family: 'IPv4' | 'IPv6', address: string): NetworkInterfaceInfo {
  const common = { address, netmask: '', mac: '', internal: false, cidr: null };
  return family === 'IPv6' ? { ...common, family, scopeid: 0 } : { ...common, family };
}

const ip4 = interfaceOf('IPv4', '10.0.0.7');
const ip6 = interfaceOf('IPv6', 'fd00::7');

function resolved(flags: Readonly<Record<string, string>>, ...infos: readonly NetworkInterfaceInfo[]) {
  const config = parseConfig({ name: 'm1', ...flags }, {}, () => '');
  return resolveAddresses(config, { hostname: 'h', interfaces: { eth0: infos } });
}

const everywhere = {
  'listen-client': '[::]:2379',
  'listen-peer': '[::]:2380',
  'listen-health': '[::]:2381',
  'advertise-client-url': 'http://db-0.db-peers.apps.svc:2379',
  'advertise-peer': 'db-0.db-peers.apps.svc:2380',
};

test('[::] is every address, and those of IPv4 alone where there is no IPv6', () => {
  for (const [infos, host] of [
    [[ip6], '::'],
    [[ip4, ip6], '::'],
    [[ip4], '0.0.0.0'],
  ] as const) {
    const { listenClient, listenPeer, listenHealth } = resolved(everywhere, ...infos);
    assert.deepEqual(
      [listenClient, listenPeer, listenHealth],
      [
        { host, port: 2379 },
        { host, port: 2380 },
        { host, port: 2381 },
      ],
    );
  }
});

test('an address that is named is taken as it is, in brackets where others are told of it', () => {
  const named = resolved({ 'listen-client': '[::1]:2379', 'listen-peer': '{{interface eth0}}:2380' }, ip6);
  assert.deepEqual(named.listenClient, { host: '::1', port: 2379 });
  assert.deepEqual(named.listenPeer, { host: 'fd00::7', port: 2380 });
  assert.equal(named.advertiseClientUrl, 'http://[::1]:2379');
  assert.equal(named.advertisePeer, '[fd00::7]:2380');
});

test('a template that this machine cannot fill is a mistake in the settings, told with the flag', () => {
  for (const [flag, value] of [
    ['name', '{{nothing}}'],
    ['name', '{{interface nope0}}'],
    ['listen-peer', '{{private}}:2380'],
    ['advertise-client-url', 'http://{{private}}:2379'],
    ['initial-cluster', 'm1=http://{{private}}:2379'],
    ['join', 'http://{{private}}:2379'],
  ] as const) {
    const start = new RegExp(`^--${flag}: '.*\\{\\{.*\\}\\}.*': \\{\\{`);
    assert.throws(() => resolved({ [flag]: value }, ip6), { name: 'ConfigError', message: start });
  }
});
