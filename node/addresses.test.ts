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

test('a template that this machine cannot fill is a mistake in the settings', () => {
  for (const flags of [
    { name: '{{nothing}}' },
    { name: '{{interface nope0}}' },
    { 'listen-peer': '{{private}}:2380' },
  ]) {
    assert.throws(() => resolved(flags, ip6), { name: 'ConfigError', message: /\{\{/ });
  }
});

test('two listeners at one place are refused, also where one of them takes every address', () => {
  for (const flags of [
    { 'listen-client': '127.0.0.1:4000', 'listen-peer': '127.0.0.1:4000' },
    { 'listen-client': '127.0.0.1:4000', 'listen-peer': '[::]:4000', 'advertise-peer': 'h:4000' },
    { 'listen-peer': '10.0.0.7:4000', 'listen-health': '10.0.0.7:4000' },
  ]) {
    assert.throws(() => resolved(flags, ip4), { name: 'ConfigError', message: /choose another port/ });
  }
  assert.equal(
    resolved({ 'listen-client': '127.0.0.1:4000', 'listen-peer': '10.0.0.7:4000' }, ip4).listenPeer.port,
    4000,
  );
});
