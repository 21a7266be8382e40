/** Closed loops of clients against the leader, as etcd's published figures are measured; any member would take them. */
import { LocalCluster } from '../test/processes/local-cluster.ts';
import { drive, getRequest, putRequest } from './http-load.ts';
import { type Call, InProcessMember } from './in-process.ts';
import { usageOf } from './process-usage.ts';
import { bindingLimit, type Measured, printTable } from './report.ts';

const VALUE_BYTES = 256;
const KEYS = 10_000;

const value = Buffer.alloc(VALUE_BYTES, 'v');
const keyOf = (sequence: number): string => `bench${String(sequence % KEYS).padStart(8, '0')}`;

type Scenario = {
  readonly name: string;
  readonly clients: number;
  readonly depth: number;
  readonly kind: 'put' | 'read' | 'serializable';
};

const scenarios: readonly Scenario[] = [
  { name: 'put', clients: 1, depth: 1, kind: 'put' },
  { name: 'put', clients: 64, depth: 1, kind: 'put' },
  { name: 'put', clients: 1000, depth: 1, kind: 'put' },
  { name: 'put, pipelined', clients: 16, depth: 64, kind: 'put' },
  { name: 'linearizable read', clients: 1, depth: 1, kind: 'read' },
  { name: 'linearizable read', clients: 64, depth: 1, kind: 'read' },
  { name: 'linearizable read', clients: 1000, depth: 1, kind: 'read' },
  { name: 'serializable read', clients: 64, depth: 1, kind: 'serializable' },
];

const inProcess: readonly { readonly call: Call; readonly callers: number }[] = [
  { call: 'put', callers: 1 },
  { call: 'put', callers: 64 },
  { call: 'put', callers: 1000 },
  { call: 'read', callers: 1000 },
];

export async function measureLoads(measureMs: number, only: string): Promise<void> {
  const rows = [...(await measureCluster(measureMs, only)), ...(await measureInProcess(measureMs, only))];
  printTable(rows);
}

async function measureInProcess(measureMs: number, only: string): Promise<readonly Measured[]> {
  const keys = Array.from({ length: KEYS }, (_, i) => Buffer.from(keyOf(i)));
  const rows: Measured[] = [];
  if (!'in process'.includes(only)) return rows;
  const member = await InProcessMember.start();
  try {
    for (const { call, callers } of inProcess) rows.push(await member.measure(call, callers, measureMs, keys, value));
  } finally {
    await member.remove();
  }
  return rows;
}

async function measureCluster(measureMs: number, only: string): Promise<readonly Measured[]> {
  const wanted = scenarios.filter(({ name, clients }) => `${name} ${clients}`.includes(only));
  if (wanted.length === 0) return [];
  const cluster = await LocalCluster.form(3);
  try {
    const rows: Measured[] = [];
    for (const scenario of wanted) rows.push(await measure(cluster, scenario, measureMs));
    return rows;
  } finally {
    await cluster.remove();
  }
}

async function measure(cluster: LocalCluster, scenario: Scenario, measureMs: number): Promise<Measured> {
  const leader = await cluster.leader();
  // To the leader, as etcd's published figures are measured; any member would take them.
  const endpoints = [{ host: '127.0.0.1', port: leader.port }];
  const host = `127.0.0.1:${leader.port}`;
  const requests = Array.from({ length: KEYS }, (_, i) =>
    scenario.kind === 'put'
      ? putRequest(host, keyOf(i), value)
      : getRequest(host, keyOf(i), scenario.kind === 'serializable'),
  );
  const pids = cluster.members.map((member) => member.process.pid!);
  const read = () => ({ members: pids.map(usageOf), own: process.cpuUsage(), atMs: performance.now() });
  let before = read();
  let after = before;
  const result = await drive(
    {
      endpoints,
      clients: scenario.clients,
      depth: scenario.depth,
      warmUpMs: Math.min(2000, measureMs / 2),
      measureMs,
      request: (sequence) => requests[sequence % KEYS]!,
    },
    async (edge) => {
      if (edge === 'start') before = read();
      else after = read();
    },
  );
  const seconds = (after.atMs - before.atMs) / 1000;
  const cores = after.members.map((usage, i) => (usage.cpuSeconds - before.members[i]!.cpuSeconds) / seconds);
  const ownCores = (after.own.user + after.own.system - before.own.user - before.own.system) / 1e6 / seconds;
  const leaderCores = cores[cluster.members.indexOf(leader)]!;
  return {
    name: scenario.name,
    clients: scenario.clients * scenario.depth,
    perSecond: result.perSecond,
    p50Ms: result.latencies.percentileMs(0.5),
    p99Ms: result.latencies.percentileMs(0.99),
    failures: result.failures,
    leaderCores,
    memberCores: cores.reduce((sum, one) => sum + one, 0),
    loadCores: ownCores,
    maxResidentBytes: Math.max(...after.members.map(({ residentBytes }) => residentBytes)),
    limit: bindingLimit(
      leaderCores,
      cores.reduce((sum, one) => sum + one, 0),
      ownCores,
    ),
  };
}
