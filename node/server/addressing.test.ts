import assert from 'node:assert/strict';
import { test } from 'node:test';
import { assertValidFounders, assertValidName, assertValidPeerAddress } from './addressing.ts';

const invalid = (message: RegExp) => ({ code: 'invalid_request', message });

test('a name is what a host may be called', () => {
  for (const name of ['a', 'quorate-0', 'node_1.example.org', 'n'.repeat(253)]) assertValidName(name);
  for (const name of ['', 'a b', 'ä', 'a/b', '{{hostname}}', 'a\n', 'n'.repeat(254)])
    assert.throws(() => assertValidName(name), invalid(/no name for a member/), name);
});

test('a peer address has a host and a port', () => {
  for (const address of ['a:1', '10.0.0.1:2380', '[::1]:2380', 'quorate-0.quorate.svc:65535'])
    assertValidPeerAddress(address);
  for (const address of ['', 'a', 'a:', ':1', 'a:0', 'a:65536', 'http://a:1', '::1:2380', 'a b:1'])
    assert.throws(() => assertValidPeerAddress(address), invalid(/peer address ".*" is not an address/), address);
});

test('founders differ in everything', () => {
  const one = { id: 1, name: 'a', peerAddress: 'a:1', incarnation: '1' };
  const two = { id: 2, name: 'b', peerAddress: 'b:1', incarnation: '2' };
  assertValidFounders([one, two]);
  for (const field of ['id', 'name', 'peerAddress', 'incarnation'] as const)
    assert.throws(() => assertValidFounders([one, { ...two, [field]: one[field] }]), invalid(/^two founders have the/));
  assert.throws(() => assertValidFounders([one, { ...two, name: 'b c' }]), invalid(/no name/));
});
