/** Members that listen on an IPv6 address and on nothing else, for whoever asks and for each other. */
import assert from 'node:assert/strict';
import { networkInterfaces } from 'node:os';
import { test } from 'node:test';
import { createClient } from '../../client/client.ts';
import { GrpcClient } from '../../node/etcd/testing/grpc-client.ts';
import { temporaryFolder } from '../cli/testing/folder.ts';
import { type Program, run, start } from '../cli/testing/program.ts';
import { freePorts } from '../free-ports.ts';
import { until } from '../processes/local-cluster.ts';

const hasIPv6 = networkInterfaces()['lo']?.some(({ family }) => family === 'IPv6') === true;
const skip = !hasIPv6 && 'platform: this machine has no IPv6';

test('forming, joining, the command line, HTTP and gRPC by IPv6 alone', { skip, timeout: 120_000 }, async (t) => {
  await using folder = await temporaryFolder();
  const port = await freePorts(6);
  const endpoints = [0, 2, 4].map((offset) => `http://[::1]:${port + offset}`);
  const launch = (at: number, formation: string): Program =>
    start([
      'node',
      `--name=m${at + 1}`,
      `--data-dir=${folder.path}/m${at + 1}`,
      `--listen-client=[::1]:${port + 2 * at}`,
      `--listen-peer=[::1]:${port + 2 * at + 1}`,
      formation,
    ]);
  const founders = `--initial-cluster=m1=${endpoints[0]},m2=${endpoints[1]}`;
  await using _first = launch(0, founders);
  await using _second = launch(1, founders);
  const client = createClient({ endpoints, timeoutMs: 60_000 });
  await client.put('a', '1');

  await using _third = launch(2, `--join=${endpoints[0]}`);
  await until('three voters', async () => {
    const { members } = await client.cluster();
    return members.filter(({ role }) => role === 'Voter').length === 3 ? true : null;
  });
  for (const endpoint of endpoints) {
    const { code, stdout, stderr } = await run(['get', 'a', `--endpoints=${endpoint}`]);
    assert.equal(code, 0, stderr);
    assert.match(stdout, /1/);
  }

  const grpc = await GrpcClient.connect(t, endpoints[2]!);
  const list = ['etcdserverpb.MemberListRequest', 'etcdserverpb.MemberListResponse'] as const;
  const { members } = await grpc.call('/etcdserverpb.Cluster/MemberList', list, { linearizable: true });
  assert.deepEqual(
    members.map(({ peerURLs, clientURLs }: { peerURLs: string[]; clientURLs: string[] }) => [peerURLs, clientURLs]),
    [0, 2, 4].map((offset) => [[`http://[::1]:${port + offset + 1}`], [`http://[::1]:${port + offset}`]]),
  );
});
