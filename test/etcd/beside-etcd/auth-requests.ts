/** Requests about users and roles, of which there are few. */
import fc from 'fast-check';
import type { Message } from '../../../node/etcd/testing/grpc-client.ts';
import { bytes } from './requests.ts';
import type { Request } from './side.ts';

const user = fc.oneof(
  { weight: 10, arbitrary: fc.constantFrom('u', 'v') },
  { weight: 1, arbitrary: fc.constantFrom('', 'nobody', 'root') },
);
const role = fc.oneof(
  { weight: 10, arbitrary: fc.constantFrom('r', 's') },
  { weight: 1, arbitrary: fc.constantFrom('', 'none', 'root') },
);
const key = fc.constantFrom('', '\0', 'a', 'aa', 'b', 'c').map(bytes);
const rangeEnd = fc.constantFrom('', '', '\0', 'a', 'b', 'c', 'd').map(bytes);
const password = fc.constant('p');

function ask(name: string, type: string, message: Record<string, fc.Arbitrary<unknown>>): fc.Arbitrary<Request> {
  return fc.record(message).map((one) => ({ path: `Auth/${name}`, type, message: one as Message }));
}

const permType = fc.constantFrom(0, 1, 2);
const permission = fc.record({ permType, key, range_end: rangeEnd });

export const authRequest: fc.Arbitrary<Request> = fc.oneof(
  ask('UserAdd', 'AuthUserAddRequest', {
    name: user,
    password,
    options: fc.constantFrom(null, { no_password: false }),
  }),
  ask('UserDelete', 'AuthUserDeleteRequest', { name: fc.constantFrom('u', 'v', 'v', 'nobody', 'root', '') }),
  ask('UserChangePassword', 'AuthUserChangePasswordRequest', {
    name: fc.constantFrom('u', 'v', 'nobody', ''),
    password,
  }),
  ask('UserGrantRole', 'AuthUserGrantRoleRequest', { user, role }),
  ask('UserGrantRole', 'AuthUserGrantRoleRequest', { user, role }),
  ask('UserRevokeRole', 'AuthUserRevokeRoleRequest', { name: user, role }),
  ask('UserGet', 'AuthUserGetRequest', { name: user }),
  ask('UserList', 'AuthUserListRequest', {}),
  ask('RoleAdd', 'AuthRoleAddRequest', { name: role }),
  ask('RoleDelete', 'AuthRoleDeleteRequest', { role }),
  ask('RoleGet', 'AuthRoleGetRequest', { role }),
  ask('RoleList', 'AuthRoleListRequest', {}),
  ask('RoleGrantPermission', 'AuthRoleGrantPermissionRequest', { name: role, perm: permission }),
  ask('RoleGrantPermission', 'AuthRoleGrantPermissionRequest', { name: role, perm: permission }),
  ask('RoleRevokePermission', 'AuthRoleRevokePermissionRequest', { role, key, range_end: rangeEnd }),
  ask('AuthStatus', 'AuthStatusRequest', {}),
  ask('AuthEnable', 'AuthEnableRequest', {}),
  ask('AuthDisable', 'AuthDisableRequest', {}),
);
