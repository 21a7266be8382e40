import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ApiStatus } from '../../client/types.ts';
import type { MetricSources } from './collect.ts';
import { grpcMetrics } from './grpc-metrics.ts';
import { httpMetrics } from './http-metrics.ts';
import { createMetrics, type Metrics } from './metrics.ts';
import { metricsObserver } from './observer.ts';

const status: ApiStatus = {
  name: 'm1',
  incarnation: 'f'.repeat(32),
  peer_address: '127.0.0.1:2380',
  client_url: 'http://127.0.0.1:2379',
  version: '1.2.3',
  format: 1,
  state: 'Member',
  role: 'Leader',
  term: 7,
  member_id: 1,
  quorum_critical: true,
  config_index: 9,
  first_index: 5,
  leader: 1,
  commit: 90,
  applied: 89,
  last_index: 100,
  revision: 80,
  compacted_revision: 10,
  db_size_bytes: 4096,
  log_size_bytes: 2048,
  no_space: false,
  corrupt_members: [0, 2],
  members: [
    { id: 1, name: 'm1', peer_address: 'a', incarnation: 'a', role: 'Voter' },
    { id: 2, name: 'm2', peer_address: 'b', incarnation: 'b', role: 'Learner' },
  ],
  peers: [{ id: 2, match: 70, state: 'Replicate', last_contact_ms: 3, round_trip_ms: 2 }],
  uptime_seconds: 5,
};

const disk = async () => ({ freeBytes: 600, sizeBytes: 1000 });

const leading: MetricSources = {
  isReady: () => true,
  disk,
  certificates: () => [{ use: 'peer', notAfterMs: 1_800_000_000_000 }],
  status: async () => status,
  peers: () => [
    {
      id: 2,
      isConnected: true,
      hello: null,
      roundTripMs: 2,
      bytesSent: 1000,
      bytesReceived: 500,
      messagesSent: 10,
      messagesReceived: 5,
      messagesDropped: 1,
    },
  ],
  counts: () => ({ proposalsPending: 4, keys: 30, leases: 2, watchers: 3, slowWatchers: 1 }),
};

const parked: MetricSources = {
  isReady: () => false,
  disk,
  certificates: () => [],
  status: async () => ({
    name: 'm1',
    incarnation: 'f'.repeat(32),
    peer_address: 'a',
    client_url: 'b',
    version: '1.2.3',
    format: 1,
    state: 'Parked',
    reason: 'NoData',
    uptime_seconds: 1,
  }),
  peers: () => [],
  counts: () => ({ proposalsPending: 0, keys: 0, leases: 0, watchers: 0, slowWatchers: 0 }),
};

async function scrape(metrics: Metrics, sources: MetricSources): Promise<string> {
  const { contentType, text } = await httpMetrics(metrics, sources).exposition();
  assert.match(contentType, /^text\/plain/);
  return text;
}

function assertLine(text: string, line: string): void {
  assert.ok(text.split('\n').includes(line), `no line: ${line}\n${text}`);
}

test('every metric is there, with its type and its help', async () => {
  const text = await scrape(createMetrics(), leading);
  const types = new Map([...text.matchAll(/^# TYPE (\S+) (\S+)$/gm)].map((match) => [match[1], match[2]]));
  const helps = new Map([...text.matchAll(/^# HELP (\S+) (.*)$/gm)].map((match) => [match[1], match[2]!]));
  const expected: Record<string, readonly string[]> = {
    gauge: [
      'info member_state parked ready member_id role term leader_known leader_id quorum_critical config_index',
      'first_index last_index commit_index applied_index cluster_members proposals_pending',
      'peer_connected peer_entries_behind peer_round_trip_seconds store_size_bytes log_size_bytes no_space corrupt_members',
      'disk_free_bytes disk_size_bytes certificate_not_after_seconds',
      'revision compacted_revision keys leases watchers slow_watchers',
    ],
    counter: [
      'leader_changes_total elections_started_total elections_won_total elections_lost_total step_downs_total',
      'proposals_committed_total proposals_refused_total log_appended_entries_total log_appended_bytes_total',
      'applied_entries_total peer_sent_bytes_total peer_received_bytes_total peer_sent_messages_total',
      'peer_received_messages_total peer_dropped_messages_total snapshots_sent_total snapshots_received_total snapshot_sent_bytes_total',
      'snapshot_received_bytes_total http_requests_total grpc_requests_total',
    ],
    histogram: [
      'log_append_seconds replicate_seconds quorum_seconds apply_seconds write_out_seconds snapshot_send_seconds',
      'snapshot_receive_seconds http_request_seconds grpc_request_seconds',
    ],
  };
  for (const [type, names] of Object.entries(expected)) {
    for (const name of names.join(' ').split(' ')) {
      assert.equal(types.get(`quorate_${name}`), type, name);
      assert.ok(helps.get(`quorate_${name}`)!.length > 10, name);
    }
  }
  const listed = Object.values(expected).flatMap((names) => names.join(' ').split(' ')).length;
  assert.equal(
    [...types.keys()].filter((name) => name!.startsWith('quorate_')).length,
    listed,
    'one is not listed here',
  );
});

test("the process's own metrics are there, the delay of the event loop among them", async () => {
  const text = await scrape(createMetrics(), parked);
  for (const name of [
    'process_cpu_seconds_total',
    'process_resident_memory_bytes',
    'nodejs_eventloop_lag_p99_seconds',
  ]) {
    assert.match(text, new RegExp(`^${name} `, 'm'));
  }
});

test("a scrape reads the member's present state", async () => {
  const text = await scrape(createMetrics(false), leading);
  assertLine(text, 'quorate_info{version="1.2.3",format="1"} 1');
  assertLine(text, 'quorate_member_state{state="Member"} 1');
  assertLine(text, 'quorate_role{role="Leader"} 1');
  assertLine(text, 'quorate_role{role="Follower"} 0');
  assertLine(text, 'quorate_term 7');
  assertLine(text, 'quorate_leader_known 1');
  assertLine(text, 'quorate_leader_id 1');
  assertLine(text, 'quorate_member_id 1');
  assertLine(text, 'quorate_ready 1');
  assertLine(text, 'quorate_quorum_critical 1');
  assertLine(text, 'quorate_parked{reason="NoData"} 0');
  assertLine(text, 'quorate_config_index 9');
  assertLine(text, 'quorate_last_index 100');
  assertLine(text, 'quorate_disk_free_bytes 600');
  assertLine(text, 'quorate_disk_size_bytes 1000');
  assertLine(text, 'quorate_certificate_not_after_seconds{use="peer"} 1800000000');
  assertLine(text, 'quorate_commit_index 90');
  assertLine(text, 'quorate_applied_index 89');
  assertLine(text, 'quorate_cluster_members{role="Learner"} 1');
  assertLine(text, 'quorate_peer_entries_behind{peer="2"} 30');
  assertLine(text, 'quorate_peer_round_trip_seconds{peer="2"} 0.002');
  assertLine(text, 'quorate_proposals_pending 4');
  assertLine(text, 'quorate_slow_watchers 1');
  assertLine(text, 'quorate_corrupt_members 2');
});

test('a second scrape says the same, and a peer that is gone leaves no trace', async () => {
  const metrics = createMetrics(false);
  await scrape(metrics, leading);
  assertLine(await scrape(metrics, leading), 'quorate_peer_sent_bytes_total{peer="2"} 1000');
  const later = await scrape(metrics, parked);
  assert.doesNotMatch(later, /peer="2"/);
  assertLine(later, 'quorate_leader_known 0');
  assertLine(later, 'quorate_quorum_critical 0');
  assertLine(later, 'quorate_parked{reason="NoData"} 1');
});

test('what the driver tells of is counted', async () => {
  const metrics = createMetrics(false);
  const observer = metricsObserver(metrics);
  observer.raftEvent({ kind: 'ElectionStarted', term: 2, reason: 'Timeout' });
  observer.raftEvent({ kind: 'ElectionLost', term: 2, why: 'Rejected' });
  observer.raftEvent({ kind: 'ElectionWon', term: 3 });
  observer.raftEvent({ kind: 'SteppedDown', term: 3, why: 'NoQuorum' });
  observer.logAppended(0.0002, 64, 20_000);
  observer.quorumReached(0.001);
  observer.replicated(0.001);
  observer.applied(0.0001, 64);
  observer.wroteOut(0.002);
  observer.proposalsCommitted(1);
  observer.proposalRefused('NoSpace');
  observer.snapshotSent(1, 'Installed');
  observer.snapshotReceived(1, 'Failed');
  observer.snapshotBytes('sent', 100);
  observer.snapshotBytes('received', 200);
  const text = await scrape(metrics, leading);
  for (const line of [
    'quorate_elections_started_total{reason="Timeout"} 1',
    'quorate_elections_lost_total{reason="Rejected"} 1',
    'quorate_elections_won_total 1',
    'quorate_step_downs_total{reason="NoQuorum"} 1',
    'quorate_log_append_seconds_bucket{le="0.0001"} 0',
    'quorate_log_append_seconds_bucket{le="0.00025"} 1',
    'quorate_log_appended_entries_total 64',
    'quorate_log_appended_bytes_total 20000',
    'quorate_quorum_seconds_count 1',
    'quorate_replicate_seconds_count 1',
    'quorate_apply_seconds_count 1',
    'quorate_write_out_seconds_count 1',
    'quorate_applied_entries_total 64',
    'quorate_proposals_committed_total 1',
    'quorate_proposals_refused_total{reason="NoSpace"} 1',
    'quorate_snapshots_sent_total{outcome="Installed"} 1',
    'quorate_snapshots_received_total{outcome="Failed"} 1',
    'quorate_snapshot_sent_bytes_total 100',
    'quorate_snapshot_received_bytes_total 200',
  ]) {
    assertLine(text, line);
  }
});

test('a change of leader is counted once, and the same leader again is none', async () => {
  const metrics = createMetrics(false);
  const observer = metricsObserver(metrics);
  for (const leader of [1, 0, 1, 2, 2]) observer.raftEvent({ kind: 'RoleChanged', role: 'Follower', term: 1, leader });
  assertLine(await scrape(metrics, leading), 'quorate_leader_changes_total 2');
});

test('requests are counted by method, route and code', async () => {
  const metrics = createMetrics(false);
  const http = httpMetrics(metrics, leading);
  http.observeRequest('PUT', '/v1/kv/:key', 200, 0.002);
  http.observeRequest('PUT', '/v1/kv/:key', 412, 0.002);
  const { text } = await http.exposition();
  assertLine(text, 'quorate_http_requests_total{method="PUT",route="/v1/kv/:key",code="412"} 1');
  assertLine(text, 'quorate_http_request_seconds_count{method="PUT",route="/v1/kv/:key"} 2');
});

test('calls of the etcd API are counted by method and code and timed by method', async () => {
  const metrics = createMetrics(false);
  const observe = grpcMetrics(metrics);
  observe('/etcdserverpb.KV/Put', 'OK', 0.002);
  observe('/etcdserverpb.KV/Put', 'OK', 0.002);
  observe('/etcdserverpb.KV/Put', 'Unavailable', 0.002);
  const text = await scrape(metrics, leading);
  assertLine(text, 'quorate_grpc_requests_total{method="etcdserverpb.KV/Put",code="OK"} 2');
  assertLine(text, 'quorate_grpc_requests_total{method="etcdserverpb.KV/Put",code="Unavailable"} 1');
  assertLine(text, 'quorate_grpc_request_seconds_count{method="etcdserverpb.KV/Put"} 3');
});
