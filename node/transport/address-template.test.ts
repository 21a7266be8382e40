import assert from 'node:assert/strict';
import type { NetworkInterfaceInfo } from 'node:os';
import { test } from 'node:test';
import { expandAddress, type Machine } from './address-template.ts';

const MACHINE: Machine = {
  hostname: 'node-7',
  interfaces: {
    lo: [ip('127.0.0.1', true)],
    eth0: [ip('fe80::1'), ip('2001:db8::5'), ip('10.1.2.3')],
    eth1: [ip('fe80::2'), ip('2001:db8::6')],
    eth2: [ip('fe80::3')],
    wan: [ip('203.0.113.9')],
  },
};

test('an interface gives its IPv4 address, or its IPv6 address in brackets', () => {
  assert.equal(expandAddress('{{interface eth0}}:2380', MACHINE), '10.1.2.3:2380');
  assert.equal(expandAddress('{{ interface eth1 }}:2380', MACHINE), '[2001:db8::6]:2380');
});

test('private gives the one private address, and hostname the name', () => {
  assert.equal(expandAddress('{{private}}:2380', MACHINE), '10.1.2.3:2380');
  assert.equal(expandAddress('{{hostname}}.db.svc:2380', MACHINE), 'node-7.db.svc:2380');
});

test('an address without a template stays as it is', () => {
  assert.equal(expandAddress('10.0.0.1:2380', MACHINE), '10.0.0.1:2380');
});

test('an interface that is not there is named, with those that are', () => {
  assert.throws(() => expandAddress('{{interface en9}}:1', MACHINE), {
    message:
      '{{interface en9}} matches no address of this machine, which has lo (127.0.0.1), ' +
      'eth0 (fe80::1, 2001:db8::5, 10.1.2.3), eth1 (fe80::2, 2001:db8::6), eth2 (fe80::3), wan (203.0.113.9)',
  });
  assert.throws(() => expandAddress('{{interface eth2}}:1', MACHINE), /matches no address/);
});

test('several private addresses are no answer', () => {
  const two: Machine = { ...MACHINE, interfaces: { ...MACHINE.interfaces, docker0: [ip('172.17.0.1')] } };
  assert.throws(
    () => expandAddress('{{private}}:1', two),
    /matches 2 addresses; take \{\{interface NAME\}\} instead.*docker0/,
  );
  assert.throws(
    () => expandAddress('{{private}}:1', { hostname: 'x', interfaces: {} }),
    /matches no address.*no interfaces/,
  );
});

test('what is no template is refused by name', () => {
  for (const wrong of ['{{}}', '{{public}}', '{{interface}}', '{{hostname x}}']) {
    assert.throws(
      () => expandAddress(`${wrong}:1`, MACHINE),
      (error: Error) => error.message.startsWith(`${wrong} is no address template`),
    );
  }
});

function ip(address: string, internal = false): NetworkInterfaceInfo {
  const common = { address, netmask: '', mac: '00:00:00:00:00:00', internal, cidr: null };
  return address.includes(':') ? { ...common, family: 'IPv6', scopeid: 0 } : { ...common, family: 'IPv4' };
}
