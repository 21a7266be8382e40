/** Every call of the API in one table: its path, its methods, and which of them need an administrator. */
import {
  addMember,
  bootstrap,
  cluster,
  join,
  promoteMember,
  recover,
  removeMember,
  replaceVoters,
  status,
  stopTogether,
  transferLeader,
} from './cluster.ts';
import { events } from './events.ts';
import type { Exchange } from './exchange.ts';
import { livez, metrics, readyz, version } from './health.ts';
import { grantLease, keepLeaseAlive, leaseStatus, listLeases, revokeLease } from './leases.ts';
import { compact, snapshot } from './maintenance.ts';
import { deleteRange, getRange, putKeyInQuery } from './ranges.ts';
import { txn } from './txn.ts';
import { uiAsset, uiPage } from './ui.ts';
import { watch } from './watch.ts';

export type Handler = (exchange: Exchange, parameters: Readonly<Record<string, string>>) => Promise<void>;

export type Method = 'GET' | 'PUT' | 'POST' | 'DELETE';

export type Route = {
  /** Express's notation; also the label of its metrics. */
  readonly path: string;
  /** HEAD goes where GET goes. */
  readonly methods: Readonly<Partial<Record<Method, Handler>>>;
  /**
   * `Open`: whoever reaches the port. `Administrator`: with the right, where one is configured.
   * `Probe`: open, and answered also when the member is at its limit of requests: that is when it is looked at.
   */
  readonly access: 'Open' | 'Administrator' | 'Probe';
};

/** `/v1/kv/KEY` is not in it: see `serveKeyInPath`. */
export const routes: readonly Route[] = [
  { path: '/v1/kv', methods: { GET: getRange, PUT: putKeyInQuery, DELETE: deleteRange }, access: 'Open' },
  { path: '/v1/txn', methods: { POST: txn }, access: 'Open' },
  { path: '/v1/watch', methods: { GET: watch }, access: 'Open' },
  { path: '/v1/leases', methods: { GET: listLeases, POST: grantLease }, access: 'Open' },
  { path: '/v1/leases/:id', methods: { GET: leaseStatus, DELETE: revokeLease }, access: 'Open' },
  { path: '/v1/leases/:id/keepalive', methods: { POST: keepLeaseAlive }, access: 'Open' },

  { path: '/v1/compact', methods: { POST: compact }, access: 'Administrator' },
  { path: '/v1/snapshot', methods: { GET: snapshot }, access: 'Administrator' },
  { path: '/v1/cluster', methods: { GET: cluster }, access: 'Administrator' },
  { path: '/v1/cluster/members', methods: { POST: addMember, PUT: replaceVoters }, access: 'Administrator' },
  { path: '/v1/cluster/members/:id', methods: { DELETE: removeMember }, access: 'Administrator' },
  { path: '/v1/cluster/members/:id/promote', methods: { POST: promoteMember }, access: 'Administrator' },
  { path: '/v1/cluster/transfer-leader', methods: { POST: transferLeader }, access: 'Administrator' },
  { path: '/v1/bootstrap', methods: { POST: bootstrap }, access: 'Administrator' },
  { path: '/v1/join', methods: { POST: join }, access: 'Administrator' },
  { path: '/v1/recover', methods: { POST: recover }, access: 'Administrator' },
  { path: '/v1/stop-together', methods: { POST: stopTogether }, access: 'Administrator' },

  { path: '/v1/status', methods: { GET: status }, access: 'Probe' },
  { path: '/v1/events', methods: { GET: events }, access: 'Open' },
  { path: '/livez', methods: { GET: livez }, access: 'Probe' },
  { path: '/readyz', methods: { GET: readyz }, access: 'Probe' },
  { path: '/metrics', methods: { GET: metrics }, access: 'Probe' },
  { path: '/version', methods: { GET: version }, access: 'Probe' },
  { path: '/ui', methods: { GET: uiPage }, access: 'Open' },
  { path: '/ui/:file', methods: { GET: uiAsset }, access: 'Open' },
];
