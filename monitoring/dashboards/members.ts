/** The dashboard of members: one cluster, or all at a glance. */
import { CLUSTER_LABEL, MEMBER_LABEL } from '../labels.ts';
import { graph, number, query } from './panels.ts';
import type { Dashboard, Query } from './types.ts';

const MEMBERS = `namespace=~"$namespace",${CLUSTER_LABEL}=~"$cluster",${MEMBER_LABEL}=~"$member"`;
const MEMBER = `{{${MEMBER_LABEL}}}`;

/** @param more further matchers */
const series = (metric: string, ...more: readonly string[]): string => `${metric}{${[MEMBERS, ...more].join(',')}}`;
const rate = (metric: string, ...more: readonly string[]): string =>
  `rate(${series(metric, ...more)}[$__rate_interval])`;
const byMember = (expr: string): string => `sum by (${MEMBER_LABEL}) (${expr})`;
const quantiles = (histogram: string): Query[] =>
  [0.5, 0.99].map((q) =>
    query(
      `p${q * 100} ${MEMBER}`,
      `histogram_quantile(${q}, sum by (${MEMBER_LABEL}, le) (${rate(`${histogram}_bucket`)}))`,
    ),
  );

export const membersDashboard: Dashboard = {
  uid: 'quorate-members',
  title: 'Quorate / Members',
  description: 'What the members of Quorate clusters do: agreement, writes, replication, snapshots, storage, clients.',
  variables: [
    { name: 'namespace', label: 'Namespace', query: 'label_values(quorate_info, namespace)' },
    {
      name: 'cluster',
      label: 'Cluster',
      query: `label_values(quorate_info{namespace=~"$namespace"}, ${CLUSTER_LABEL})`,
    },
    {
      name: 'member',
      label: 'Member',
      query: `label_values(quorate_info{namespace=~"$namespace",${CLUSTER_LABEL}=~"$cluster"}, ${MEMBER_LABEL})`,
    },
  ],
  rows: [
    {
      title: 'Health',
      panels: [
        number(
          'Members that take part',
          'In the state Member.',
          `sum(${series('quorate_member_state', 'state="Member"')})`,
          {
            redBelow: 1,
          },
        ),
        number(
          'Without a leader',
          'Members that know none.',
          `count(${series('quorate_leader_known')} == 0) or vector(0)`,
          {
            redFrom: 1,
          },
        ),
        number(
          'Quorum-critical',
          'Members whose loss would take the quorum. All of them in a cluster of one or two.',
          `sum(${series('quorate_quorum_critical')})`,
          { redFrom: 1 },
        ),
        number(
          'Short of space',
          'Members whose volume is too full for more growth.',
          `sum(${series('quorate_no_space')})`,
          {
            redFrom: 1,
          },
        ),
        number(
          'With other keys',
          'Members that are marked as holding other keys than a quorum (alarm CORRUPT): writes are refused.',
          `max(${series('quorate_corrupt_members')})`,
          { redFrom: 1 },
        ),
        number('Keys', 'In the store, leaving out old revisions.', `max(${series('quorate_keys')})`),
        number('Term', 'The highest; it rises with every election.', `max(${series('quorate_term')})`),
        graph(
          'State of members',
          'none',
          'Joining and Parked members are alive and take no part.',
          query('{{state}}', `sum by (state) (${series('quorate_member_state')})`),
        ),
        graph(
          'Leader',
          'none',
          'Who leads: 1 for the leader. Two at a time are possible for a moment, in different terms.',
          query(MEMBER, byMember(series('quorate_role', 'role="Leader"'))),
        ),
        graph(
          'Voters and learners',
          'none',
          'In the applied configuration.',
          query(
            `{{role}} as ${MEMBER} sees it`,
            `sum by (role, ${MEMBER_LABEL}) (${series('quorate_cluster_members')})`,
          ),
        ),
      ],
    },
    {
      title: 'Elections',
      panels: [
        graph(
          'Terms',
          'none',
          'Rises with every election. Members that stay behind are cut off.',
          query(MEMBER, series('quorate_term')),
        ),
        graph(
          'Leader changes',
          'none',
          'In five minutes, as each member saw them. A rollout makes one or two; more by themselves point to slow disks or networks.',
          query(MEMBER, `increase(${series('quorate_leader_changes_total')}[5m])`),
        ),
        graph(
          'Elections',
          'none',
          'In five minutes.',
          query('started: {{reason}}', `sum by (reason) (increase(${series('quorate_elections_started_total')}[5m]))`),
          query('won', `sum(increase(${series('quorate_elections_won_total')}[5m]))`),
          query('lost: {{reason}}', `sum by (reason) (increase(${series('quorate_elections_lost_total')}[5m]))`),
          query('stepped down: {{reason}}', `sum by (reason) (increase(${series('quorate_step_downs_total')}[5m]))`),
        ),
      ],
    },
    {
      title: 'Writes',
      panels: [
        graph(
          'Writes committed',
          'ops',
          'Taken by each member, whoever leads.',
          query(MEMBER, byMember(rate('quorate_proposals_committed_total'))),
        ),
        graph(
          'Writes waiting',
          'none',
          'For a quorum, or to be applied.',
          query(MEMBER, series('quorate_proposals_pending')),
        ),
        graph(
          'Writes refused',
          'ops',
          'Before they were tried; the client may try again.',
          query('{{reason}}', `sum by (reason) (${rate('quorate_proposals_refused_total')})`),
        ),
        graph(
          'Time to a quorum',
          's',
          'From appending on the leader until a quorum has it on disk.',
          ...quantiles('quorate_quorum_seconds'),
        ),
        graph(
          'Time to sync the log',
          's',
          "One batch, fsynced: the disk's share of a write.",
          ...quantiles('quorate_log_append_seconds'),
        ),
        graph(
          'Time to replicate',
          's',
          "From sending to a peer until it acknowledged: its disk and the network's share.",
          ...quantiles('quorate_replicate_seconds'),
        ),
        graph(
          'Time to apply',
          's',
          'One batch of committed entries, to the store.',
          ...quantiles('quorate_apply_seconds'),
        ),
        graph(
          'Time to write out',
          's',
          'What was applied, to RocksDB: no write waits for it unless it takes long.',
          ...quantiles('quorate_write_out_seconds'),
        ),
        graph('Log', 'Bps', 'Bytes made durable.', query(MEMBER, byMember(rate('quorate_log_appended_bytes_total')))),
        graph(
          'Entries in a batch',
          'none',
          'Entries made durable with one sync: grows with load by itself.',
          query(
            MEMBER,
            `${byMember(rate('quorate_log_appended_entries_total'))} / ${byMember(rate('quorate_log_append_seconds_count'))}`,
          ),
        ),
      ],
    },
    {
      title: 'Replication',
      panels: [
        graph(
          'Commits',
          'ops',
          'Log entries committed, as each member learns of them.',
          query(MEMBER, byMember(rate('quorate_commit_index'))),
        ),
        graph(
          'Behind the leader',
          'none',
          'Entries that each peer lacks of the log, told by the leader.',
          query('member {{peer}}', `max by (peer) (${series('quorate_peer_entries_behind')})`),
        ),
        graph(
          'Committed and not applied',
          'none',
          'Entries that a store is behind its log.',
          query(MEMBER, byMember(`${series('quorate_commit_index')} - ${series('quorate_applied_index')}`)),
        ),
        graph(
          'Round trip',
          's',
          'Smoothed.',
          query(`${MEMBER} to {{peer}}`, series('quorate_peer_round_trip_seconds')),
        ),
        graph(
          'Connections',
          'none',
          '1 when connected.',
          query(`${MEMBER} to {{peer}}`, series('quorate_peer_connected')),
        ),
        graph(
          'Between members',
          'Bps',
          'Snapshots included.',
          query(`sent ${MEMBER}`, byMember(rate('quorate_peer_sent_bytes_total'))),
          query(`received ${MEMBER}`, byMember(rate('quorate_peer_received_bytes_total'))),
        ),
        graph(
          'Messages',
          'ops',
          'Dropped ones had no connection, or a full queue; Raft repeats them.',
          query(`sent ${MEMBER}`, byMember(rate('quorate_peer_sent_messages_total'))),
          query(`received ${MEMBER}`, byMember(rate('quorate_peer_received_messages_total'))),
          query(`dropped ${MEMBER}`, byMember(rate('quorate_peer_dropped_messages_total'))),
        ),
        graph(
          'Entries applied',
          'ops',
          'To the store.',
          query(MEMBER, byMember(rate('quorate_applied_entries_total'))),
        ),
      ],
    },
    {
      title: 'Snapshots',
      panels: [
        graph(
          'Snapshots',
          'none',
          'In five minutes. A member gets one when it joins, or was away longer than the log reaches back.',
          query(`sent ${MEMBER}: {{outcome}}`, `increase(${series('quorate_snapshots_sent_total')}[5m])`),
          query(`received ${MEMBER}: {{outcome}}`, `increase(${series('quorate_snapshots_received_total')}[5m])`),
        ),
        graph(
          'Bytes of snapshots',
          'Bps',
          'Limited by the snapshot rate of the settings.',
          query(`sent ${MEMBER}`, byMember(rate('quorate_snapshot_sent_bytes_total'))),
          query(`received ${MEMBER}`, byMember(rate('quorate_snapshot_received_bytes_total'))),
        ),
        graph(
          'Time of a snapshot',
          's',
          'Mean of those in five minutes.',
          query(
            `send ${MEMBER}`,
            `${byMember(`increase(${series('quorate_snapshot_send_seconds_sum')}[5m])`)} / ${byMember(`increase(${series('quorate_snapshot_send_seconds_count')}[5m])`)}`,
          ),
          query(
            `receive and install ${MEMBER}`,
            `${byMember(`increase(${series('quorate_snapshot_receive_seconds_sum')}[5m])`)} / ${byMember(`increase(${series('quorate_snapshot_receive_seconds_count')}[5m])`)}`,
          ),
        ),
      ],
    },
    {
      title: 'Storage',
      panels: [
        graph(
          'Store',
          'bytes',
          'On disk and in memory, approximately.',
          query(MEMBER, series('quorate_store_size_bytes')),
        ),
        graph(
          'Log',
          'bytes',
          'What is kept of it; it is cut at the limit of the settings.',
          query(MEMBER, series('quorate_log_size_bytes')),
        ),
        graph(
          'Volumes',
          'percentunit',
          'Free share of the file system. Writes are refused once the reserve of the settings is touched.',
          query(MEMBER, byMember(`${series('quorate_disk_free_bytes')} / ${series('quorate_disk_size_bytes')}`)),
        ),
        graph('Keys over time', 'none', 'Leaving out old revisions.', query(MEMBER, series('quorate_keys'))),
        graph(
          'History',
          'none',
          'Revisions that are kept: grows until the next compaction.',
          query(MEMBER, byMember(`${series('quorate_revision')} - ${series('quorate_compacted_revision')}`)),
        ),
        graph('Leases', 'none', 'That have not ended.', query(MEMBER, series('quorate_leases'))),
      ],
    },
    {
      title: 'Clients',
      panels: [
        graph(
          'Requests',
          'ops',
          'Answered on the client port.',
          query('{{method}} {{route}}', `sum by (method, route) (${rate('quorate_http_requests_total')})`),
        ),
        graph(
          'Answers',
          'ops',
          'By status code.',
          query('{{code}}', `sum by (code) (${rate('quorate_http_requests_total')})`),
        ),
        graph(
          'Time to answer (p99)',
          's',
          'Watches are open as long as the client likes.',
          query(
            '{{method}} {{route}}',
            `histogram_quantile(0.99, sum by (method, route, le) (${rate('quorate_http_request_seconds_bucket', 'route!="/v1/watch"')}))`,
          ),
        ),
        graph(
          'Calls of the etcd API',
          'ops',
          'By gRPC or the gateway; streams when they have ended.',
          query('{{method}}', `sum by (method) (${rate('quorate_grpc_requests_total')})`),
        ),
        graph(
          'Ends of etcd calls',
          'ops',
          'By code of gRPC.',
          query('{{code}}', `sum by (code) (${rate('quorate_grpc_requests_total')})`),
        ),
        graph(
          'Time of etcd calls (p99)',
          's',
          'Without streams, which are open as long as the client likes.',
          query(
            '{{method}}',
            `histogram_quantile(0.99, sum by (method, le) (${rate('quorate_grpc_request_seconds_bucket', 'method!~".*/(Watch|LeaseKeepAlive|Observe|ServerReflectionInfo)"')}))`,
          ),
        ),
        graph(
          'Watches',
          'none',
          'Slow ones do not keep up, and are served from history.',
          query(`open ${MEMBER}`, series('quorate_watchers')),
          query(`slow ${MEMBER}`, series('quorate_slow_watchers')),
        ),
      ],
    },
    {
      title: 'Process',
      panels: [
        graph('CPU', 'none', 'Cores in use.', query(MEMBER, byMember(rate('process_cpu_seconds_total')))),
        graph('Memory', 'bytes', 'Resident.', query(MEMBER, series('process_resident_memory_bytes'))),
        graph(
          'Event loop',
          's',
          'Delay (p99): what every request and heartbeat waits at most.',
          query(MEMBER, series('nodejs_eventloop_lag_p99_seconds')),
        ),
        graph('Open files', 'none', 'Connections included.', query(MEMBER, series('process_open_fds'))),
        graph(
          'Certificates',
          's',
          'Time until those in use end.',
          query(`{{use}} ${MEMBER}`, `${series('quorate_certificate_not_after_seconds')} - time()`),
        ),
        graph(
          'Versions',
          'none',
          'What runs where; the cluster speaks the lowest format.',
          query('{{version}} (format {{format}})', `count by (version, format) (${series('quorate_info')})`),
        ),
      ],
    },
  ],
};
