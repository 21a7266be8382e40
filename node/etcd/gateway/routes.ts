/** Paths of the JSON gateway, as etcd's, and the methods that they stand for. */

export type GatewayRoute = {
  /** Its name in the table of methods. */
  readonly method: string;
  readonly request: string;
  readonly response: string;
};

const kv = 'etcdserverpb.KV';
const lease = 'etcdserverpb.Lease';
const cluster = 'etcdserverpb.Cluster';
const maintenance = 'etcdserverpb.Maintenance';
const auth = 'etcdserverpb.Auth';
const lock = 'v3lockpb.Lock';
const election = 'v3electionpb.Election';

/** Path, service, method, and the name of its messages where that is another. */
const table: readonly (readonly [path: string, service: string, method: string, messages?: string])[] = [
  ['kv/range', kv, 'Range'],
  ['kv/put', kv, 'Put'],
  ['kv/deleterange', kv, 'DeleteRange'],
  ['kv/txn', kv, 'Txn'],
  ['kv/compaction', kv, 'Compact', 'Compaction'],
  ['watch', 'etcdserverpb.Watch', 'Watch'],
  ['lease/grant', lease, 'LeaseGrant'],
  ['lease/revoke', lease, 'LeaseRevoke'],
  ['kv/lease/revoke', lease, 'LeaseRevoke'],
  ['lease/keepalive', lease, 'LeaseKeepAlive'],
  ['lease/timetolive', lease, 'LeaseTimeToLive'],
  ['kv/lease/timetolive', lease, 'LeaseTimeToLive'],
  ['lease/leases', lease, 'LeaseLeases'],
  ['kv/lease/leases', lease, 'LeaseLeases'],
  ['cluster/member/add', cluster, 'MemberAdd'],
  ['cluster/member/remove', cluster, 'MemberRemove'],
  ['cluster/member/update', cluster, 'MemberUpdate'],
  ['cluster/member/list', cluster, 'MemberList'],
  ['cluster/member/promote', cluster, 'MemberPromote'],
  ['maintenance/alarm', maintenance, 'Alarm'],
  ['maintenance/status', maintenance, 'Status'],
  ['maintenance/defragment', maintenance, 'Defragment'],
  ['maintenance/hash', maintenance, 'Hash'],
  ['maintenance/hashkv', maintenance, 'HashKV'],
  ['maintenance/snapshot', maintenance, 'Snapshot'],
  ['maintenance/transfer-leadership', maintenance, 'MoveLeader'],
  ['maintenance/downgrade', maintenance, 'Downgrade'],
  ['auth/enable', auth, 'AuthEnable'],
  ['auth/disable', auth, 'AuthDisable'],
  ['auth/status', auth, 'AuthStatus'],
  ['auth/authenticate', auth, 'Authenticate'],
  ['auth/user/add', auth, 'UserAdd', 'AuthUserAdd'],
  ['auth/user/get', auth, 'UserGet', 'AuthUserGet'],
  ['auth/user/list', auth, 'UserList', 'AuthUserList'],
  ['auth/user/delete', auth, 'UserDelete', 'AuthUserDelete'],
  ['auth/user/changepw', auth, 'UserChangePassword', 'AuthUserChangePassword'],
  ['auth/user/grant', auth, 'UserGrantRole', 'AuthUserGrantRole'],
  ['auth/user/revoke', auth, 'UserRevokeRole', 'AuthUserRevokeRole'],
  ['auth/role/add', auth, 'RoleAdd', 'AuthRoleAdd'],
  ['auth/role/get', auth, 'RoleGet', 'AuthRoleGet'],
  ['auth/role/list', auth, 'RoleList', 'AuthRoleList'],
  ['auth/role/delete', auth, 'RoleDelete', 'AuthRoleDelete'],
  ['auth/role/grant', auth, 'RoleGrantPermission', 'AuthRoleGrantPermission'],
  ['auth/role/revoke', auth, 'RoleRevokePermission', 'AuthRoleRevokePermission'],
  ['lock/lock', lock, 'Lock'],
  ['lock/unlock', lock, 'Unlock'],
  ['election/campaign', election, 'Campaign'],
  ['election/proclaim', election, 'Proclaim'],
  ['election/leader', election, 'Leader'],
  ['election/observe', election, 'Observe', 'Leader'],
  ['election/resign', election, 'Resign'],
];

export const gatewayRoutes: ReadonlyMap<string, GatewayRoute> = new Map(
  table.map(([path, service, method, messages = method]) => {
    const packageName = service.slice(0, service.indexOf('.'));
    const route: GatewayRoute = {
      method: `/${service}/${method}`,
      request: `${packageName}.${messages}Request`,
      response: `${packageName}.${messages}Response`,
    };
    return [path, route];
  }),
);
