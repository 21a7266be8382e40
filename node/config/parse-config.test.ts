import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { Command } from 'commander';
import { addSettings, settingsGiven } from './command.ts';
import type { Config } from './config.ts';
import { ConfigError, type Environment, type Flags, parseConfig } from './parse-config.ts';

type Sources = { flags?: Flags; env?: Environment; file?: string };

/** What `file` holds is read for `--config quorate.yaml`. */
function parse({ flags = {}, env = {}, file }: Sources): Config {
  return parseConfig(file === undefined ? flags : { ...flags, config: 'quorate.yaml' }, env, (path) => {
    assert.equal(path, 'quorate.yaml');
    return file!;
  });
}

function refusal(sources: Sources): string {
  try {
    parse(sources);
  } catch (error) {
    assert.ok(error instanceof ConfigError, String(error));
    return error.message;
  }
  return assert.fail('accepted');
}

test('the defaults are valid', () => {
  const config = parse({});
  assert.equal(config.electionTimeoutMs, 1000);
  assert.equal(config.heartbeatIntervalMs, 100);
  assert.equal(config.watchProgressIntervalMs, 5000);
  assert.equal(config.maxRequestBytes, 1.5 * 1024 * 1024);
  assert.equal(config.advertiseClientUrl, 'http://127.0.0.1:2379');
  assert.equal(config.advertisePeer, '127.0.0.1:2380');
  assert.deepEqual(config.formation, { kind: 'Wait' });
  assert.equal(config.peerTls, null);
});

test('a flag wins over a variable, a variable over the file, the file over the default', () => {
  const file = 'election-timeout: 2s\nheartbeat-interval: 200ms\nrequest-timeout: 2s\n';
  const env = { QUORATE_ELECTION_TIMEOUT: '3s', QUORATE_HEARTBEAT_INTERVAL: '300ms' };
  const config = parse({ flags: { 'election-timeout': '4s' }, env, file });
  assert.equal(config.electionTimeoutMs, 4000);
  assert.equal(config.heartbeatIntervalMs, 300);
  assert.equal(config.requestTimeoutMs, 2000);
  assert.equal(config.stopTimeoutMs, 10_000);
});

test('the file may be named by a variable', () => {
  const config = parseConfig({}, { QUORATE_CONFIG: '/etc/quorate.yaml' }, (path) => `name: ${path.length}`);
  assert.equal(config.name, '17');
});

test('the result is frozen, through and through', () => {
  const config = parse({ flags: { 'initial-cluster': 'a=http://h:1,b=http://h:2' } });
  assert.ok(Object.isFrozen(config));
  assert.equal(config.formation.kind, 'InitialCluster');
  assert.ok(config.formation.kind === 'InitialCluster' && Object.isFrozen(config.formation.members[0]));
});

test('a wrong value names the setting, the value and what is allowed, in one line', () => {
  assert.equal(
    refusal({ flags: { 'election-timeout': '5' } }),
    "--election-timeout: '5' must be a duration such as 100ms, 1s, 5m or 2h, from 50ms to 60s",
  );
  assert.equal(
    refusal({ env: { QUORATE_MAX_REQUEST_SIZE: '1GB' } }),
    "QUORATE_MAX_REQUEST_SIZE: '1GB' must be a size such as 512KiB, 64MiB or 1GB, from 1KiB to 64MiB",
  );
  assert.equal(
    refusal({ file: 'log-level: loud' }),
    "quorate.yaml: log-level: 'loud' must be one of debug, info, warn, error, silent",
  );
  assert.match(refusal({ flags: { 'listen-client': '2379' } }), /^--listen-client: '2379' must be HOST:PORT/);
  assert.match(refusal({ flags: { join: 'localhost:2379' } }), /^--join: 'localhost:2379' must be URLs such as/);
  assert.match(refusal({ flags: { 'bootstrap-expect': '8', join: 'http://a:1' } }), /a whole number from 1 to 7$/);
  assert.match(refusal({ flags: { 'initial-cluster': 'a=http://h:1,a=http://h:2' } }), /no name or URL twice/);
});

test('two wrong values are two lines', () => {
  const lines = refusal({ flags: { 'election-timeout': 'x', 'data-dir': '' } }).split('\n');
  assert.deepEqual(lines.map((line) => line.split(':')[0]!).sort(), ['--data-dir', '--election-timeout']);
});

test('an unknown setting in the file is refused with the nearest name', () => {
  assert.equal(
    refusal({ file: 'election_timeout: 1s' }),
    "quorate.yaml: 'election_timeout' is not a setting; did you mean 'election-timeout'?",
  );
  assert.equal(refusal({ file: 'zzz: 1' }), "quorate.yaml: 'zzz' is not a setting");
});

test('a variable with a slip is refused, one of Kubernetes or of the client is not', () => {
  assert.match(refusal({ env: { QUORATE_ELECTON_TIMEOUT: '1s' } }), /did you mean QUORATE_ELECTION_TIMEOUT\?$/);
  parse({ env: { QUORATE_PORT: 'tcp://10.0.0.1:2379', QUORATE_SERVICE_HOST: '10.0.0.1', QUORATE_ENDPOINTS: 'x' } });
});

test('an empty variable counts as unset', () => {
  assert.equal(parse({ env: { QUORATE_ELECTION_TIMEOUT: '' } }).electionTimeoutMs, 1000);
});

test('a file that is not there or not YAML is one line', () => {
  const missing = (): never => {
    throw new Error("ENOENT: no such file or directory, open 'x.yaml'");
  };
  assert.throws(() => parseConfig({ config: 'x.yaml' }, {}, missing), {
    name: 'ConfigError',
    message: "cannot read the settings in x.yaml: ENOENT: no such file or directory, open 'x.yaml'",
  });
  assert.doesNotMatch(refusal({ file: 'a: [1' }), /\n/);
  assert.match(refusal({ file: '- a\n- b' }), /must hold lines like/);
});

test('durations, sizes and lists may be written as people write them', () => {
  const file = 'join: [http://a:1, http://b:2/]\nbootstrap-expect: 3\nmax-log-size: 1.5 GiB\nelection-timeout: 0.5s';
  const config = parse({ file });
  assert.deepEqual(config.formation, { kind: 'Expect', count: 3, urls: ['http://a:1', 'http://b:2'] });
  assert.equal(config.maxLogBytes, 1.5 * 2 ** 30);
  assert.equal(config.electionTimeoutMs, 500);
  assert.equal(parse({ flags: { 'max-log-size': '20000000' } }).maxLogBytes, 20_000_000);
});

test('addresses may be templates and IPv6', () => {
  const config = parse({
    flags: { 'listen-peer': '{{interface eth0}}:2380', 'listen-client': '[::1]:2379', name: '{{hostname}}-1' },
  });
  assert.equal(config.advertisePeer, '{{interface eth0}}:2380');
  assert.equal(config.advertiseClientUrl, 'http://[::1]:2379');
});

test('150 ms of election timeout with 50 ms of heartbeat is allowed, less than three heartbeats is not', () => {
  parse({ flags: { 'election-timeout': '150ms', 'heartbeat-interval': '50ms' } });
  assert.equal(
    refusal({ flags: { 'election-timeout': '299ms' } }),
    "--election-timeout: '299ms' must be at least 3 times --heartbeat-interval (100ms)",
  );
  assert.match(refusal({ flags: { 'heartbeat-interval': '1s' } }), /^--election-timeout \(its default\): '1s'/);
});

test('what contradicts itself is refused', () => {
  const cases: [Flags, RegExp][] = [
    [{ 'initial-cluster': 'a=http://h:1', join: 'http://b:1' }, /^--join: .* choose one way/],
    [{ 'bootstrap-expect': '3' }, /^--bootstrap-expect: '3' needs --join/],
    [{ replace: '3' }, /^--replace: '3' needs --join/],
    [{ 'listen-client': '0.0.0.0:2379' }, /give --advertise-client-url too/],
    [{ 'listen-peer': '[::]:2380' }, /give --advertise-peer too/],
    [{ 'peer-tls-cert': 'c.pem' }, /^--peer-tls-cert: 'c.pem' needs --peer-tls-key and --peer-tls-ca/],
    [{ 'client-tls-key': 'k.pem' }, /needs --client-tls-cert/],
    [{ 'client-tls-require-client-cert': true }, /needs --client-tls-ca/],
    [{ 'log-tail-size': '1GiB' }, /must be below --max-log-size/],
    [{ 'resume-free-space': '1MiB' }, /must not be below --min-free-space/],
    [{ 'max-uncommitted-size': '1MiB' }, /must not be below --max-request-size/],
  ];
  for (const [flags, message] of cases) assert.match(refusal({ flags }), message);
});

test('certificates come as one value, and make the client URL https', () => {
  const config = parse({
    flags: {
      'client-tls-cert': 'c',
      'client-tls-key': 'k',
      'client-tls-ca': 'a',
      'client-tls-require-client-cert': true,
    },
  });
  assert.deepEqual(config.clientTls, { certFile: 'c', keyFile: 'k', caFile: 'a', requireClientCert: true });
  assert.equal(config.advertiseClientUrl, 'https://127.0.0.1:2379');
});

test('every setting is read by the member', () => {
  const folder = path.join(import.meta.dirname, '..');
  const sources = globSync('**/*.ts', { cwd: folder })
    .filter((file) => !file.startsWith('config') && !file.endsWith('.test.ts'))
    .map((file) => readFileSync(path.join(folder, file), 'utf8'));
  const unread = Object.keys(parse({})).filter(
    (field) => !sources.some((source) => new RegExp(`\\b${field}\\b`).test(source)),
  );
  assert.deepEqual(unread, []);
});

test('a command takes every setting as an option', () => {
  const command = addSettings(new Command('node').exitOverride())
    .option('--json')
    .action(() => {});
  command.parse(['--election-timeout', '2s', '--client-tls-require-client-cert', '--json'], { from: 'user' });
  assert.deepEqual(settingsGiven(command), { 'election-timeout': '2s', 'client-tls-require-client-cert': true });
  assert.match(command.helpInformation(), /--join <URL,…>[\s\S]*QUORATE_JOIN/);
});
