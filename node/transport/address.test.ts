import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatAddress, parseAddress } from './address.ts';

test('names, IPv4 and IPv6 in brackets have a host and a port', () => {
  assert.deepEqual(parseAddress('db-0.db.default.svc:2380'), { host: 'db-0.db.default.svc', port: 2380 });
  assert.deepEqual(parseAddress('10.0.0.1:1'), { host: '10.0.0.1', port: 1 });
  assert.deepEqual(parseAddress('[fe80::1%eth0]:65535'), { host: 'fe80::1%eth0', port: 65535 });
});

test('what is no address is refused by name', () => {
  for (const wrong of [
    '',
    'host',
    'host:',
    'host:0',
    'host:65536',
    '::1:2380',
    'http://host:2380',
    'a b:1',
    'host:1x',
  ]) {
    assert.throws(() => parseAddress(wrong), {
      message: `"${wrong}" is not an address: give HOST:PORT, an IPv6 host in brackets`,
    });
  }
});

test('an address that is formatted parses to the same', () => {
  for (const [host, port] of [
    ['::1', 2380],
    ['127.0.0.1', 1],
    ['name', 99],
  ] as const) {
    assert.deepEqual(parseAddress(formatAddress(host, port)), { host, port });
  }
});
