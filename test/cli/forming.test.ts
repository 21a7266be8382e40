import assert from 'node:assert/strict';
import { rm } from 'node:fs/promises';
import { networkInterfaces } from 'node:os';
import { test } from 'node:test';
import { type Client, createClient } from '../../client/client.ts';
import { formCluster, foundingRecord } from '../../client/forming.ts';
import type { ApiStatus } from '../../client/types.ts';
import { freePorts } from '../free-ports.ts';
import { temporaryFolder } from './testing/folder.ts';
import { type Program, run, start } from './testing/program.ts';

const limits = { timeout: 180_000 };

class Machine {
  readonly name: string;
  readonly endpoint: string;
  readonly client: Client;
  readonly folder: string;
  readonly #peerPort: number;

  constructor(name: string, port: number, folder: string) {
    this.name = name;
    this.endpoint = `http://127.0.0.1:${port}`;
    this.client = createClient({ endpoints: [this.endpoint] });
    this.folder = `${folder}/${name}`;
    this.#peerPort = port + 1;
  }

  start(...args: string[]): Program {
    const listen = [
      `--listen-client=${this.endpoint.slice('http://'.length)}`,
      `--listen-peer=127.0.0.1:${this.#peerPort}`,
    ];
    return start(['node', `--name=${this.name}`, `--data-dir=${this.folder}`, ...listen, ...args]);
  }

  /** Resolves with the first status that is as wanted. */
  async status(isWanted: (status: ApiStatus) => boolean): Promise<ApiStatus> {
    for (;;) {
      const status = await this.client.status();
      if (isWanted(status)) return status;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }
}

async function machines(count: number, folder: string): Promise<Machine[]> {
  const port = await freePorts(2 * count);
  return Array.from({ length: count }, (_, index) => new Machine(`m${index + 1}`, port + 2 * index, folder));
}

const isMember = (status: ApiStatus): boolean => status.state === 'Member';
const hasNoData = (status: ApiStatus): boolean => status.reason === 'NoData';

test(
  '--initial-cluster forms only when the last one is there; a wiped member stays out until it is replaced',
  limits,
  async () => {
    await using folder = await temporaryFolder();
    const [one, two, three] = (await machines(3, folder.path)) as [Machine, Machine, Machine];
    const list = `--initial-cluster=${[one, two, three].map(({ name, endpoint }) => `${name}=${endpoint}`).join(',')}`;
    const env = { QUORATE_ENDPOINTS: [one, two, three].map(({ endpoint }) => endpoint).join(',') };
    await using _first = one.start(list);
    await using _second = two.start(list);
    for (const machine of [one, two]) {
      const { cluster_id, initial_cluster } = await machine.status(hasNoData);
      assert.equal(cluster_id, undefined);
      assert.equal(initial_cluster?.length, 3);
    }
    {
      await using _third = three.start(list);
      const statuses = await Promise.all([one, two, three].map((machine) => machine.status(isMember)));
      assert.equal(new Set(statuses.map(({ cluster_id }) => cluster_id)).size, 1);
      await one.client.put('a', '1');
      assert.equal((await three.client.get('a'))?.value, '1');
    }

    await rm(three.folder, { recursive: true });
    await using _wiped = three.start(list);
    await three.status(hasNoData);
    const refused = await run(['member', 'add', three.endpoint], { env });
    assert.equal(refused.code, 1);
    assert.match(refused.stderr, /the name 'm3' is held by member 3, .*: remove 3 first, or --replace 3\n$/);
    assert.equal((await one.client.cluster()).members.length, 3);
    const replaced = await run(['member', 'add', three.endpoint, '--replace', '3'], { env });
    assert.match(replaced.stderr, /^m3 has joined as member 4\n$/);
    assert.deepEqual(
      (await one.client.cluster()).members.map(({ id, role }) => [id, role]),
      [
        [1, 'Voter'],
        [2, 'Voter'],
        [4, 'Voter'],
      ],
    );
    assert.equal((await three.client.get('a'))?.value, '1');
  },
);

test('a forming that broke off after one member had accepted goes on with its record', limits, async () => {
  await using folder = await temporaryFolder();
  const [one, two] = (await machines(2, folder.path)) as [Machine, Machine];
  await using _first = one.start();
  await using _second = two.start();
  const statuses = await Promise.all([one, two].map((machine) => machine.status(hasNoData)));
  const record = { ...(await foundingRecord(statuses)), cluster_id: '00000000000000ab' };
  await one.client.bootstrap(record);
  assert.equal(await formCluster(one.client, [one, two]), '00000000000000ab');
  await two.status(isMember);
  // Again, as after a restart of whoever formed: nothing changes.
  assert.equal(await formCluster(one.client, [one, two]), '00000000000000ab');
});

test('members join a cluster of one by --join, and leave it by member remove', limits, async () => {
  await using folder = await temporaryFolder();
  const [one, two, three] = (await machines(3, folder.path)) as [Machine, Machine, Machine];
  await using _first = one.start('--bootstrap-expect=1');
  await one.status(isMember);
  for (let key = 0; key < 50; key++) await one.client.put(`key/${key}`, 'x');
  await using _second = two.start(`--join=${one.endpoint}`);
  await using _third = three.start(`--join=${one.endpoint},${two.endpoint}`);
  await Promise.all(
    [two, three].map((machine) => machine.status(({ role }) => role === 'Follower' || role === 'Leader')),
  );
  const isVoter = async () => (await one.client.cluster()).members.filter(({ role }) => role === 'Voter').length === 3;
  while (!(await isVoter())) await new Promise((resolve) => setTimeout(resolve, 20));
  assert.equal(await three.client.count({ prefix: 'key/', consistency: 'serializable' }), 50);

  const env = { QUORATE_ENDPOINTS: one.endpoint };
  const { code, stdout, stderr } = await run(['member', 'remove', 'm2'], { env });
  assert.equal(code, 0, stderr);
  assert.match(stdout, /^m2 \(\d\) is removed; /);
  assert.equal((await one.client.cluster()).members.length, 2);
  assert.equal((await two.status(({ state }) => state === 'Parked')).reason, 'Removed');
});

const hasIPv6 = networkInterfaces()['lo']?.some(({ family }) => family === 'IPv6') === true;

test('members that know each other by IPv6 addresses alone form a cluster; listening on [::] they serve IPv4, too', {
  ...limits,
  skip: hasIPv6 ? false : 'platform: this machine has no IPv6',
}, async () => {
  await using folder = await temporaryFolder();
  const first = await freePorts(6);
  const ports = [first, first + 2, first + 4] as const;
  const list = ports.map((port) => `m${port}=http://[::1]:${port}`).join(',');
  const launch = (port: number): Program =>
    start([
      'node',
      `--name=m${port}`,
      `--data-dir=${folder.path}/${port}`,
      `--listen-client=[::]:${port}`,
      `--listen-peer=[::]:${port + 1}`,
      `--advertise-client-url=http://[::1]:${port}`,
      `--advertise-peer=[::1]:${port + 1}`,
      `--initial-cluster=${list}`,
    ]);
  await using _first = launch(ports[0]);
  await using _second = launch(ports[1]);
  await using _third = launch(ports[2]);
  const six = createClient({ endpoints: ports.map((port) => `http://[::1]:${port}`), timeoutMs: 60_000 });
  const four = createClient({ endpoints: [`http://127.0.0.1:${first}`], timeoutMs: 60_000 });
  await six.put('a', '1');
  assert.equal((await four.get('a'))?.value, '1');
  assert.deepEqual(
    (await four.cluster()).members.map(({ peer_address }) => peer_address).sort(),
    ports.map((port) => `[::1]:${port + 1}`),
  );
});
