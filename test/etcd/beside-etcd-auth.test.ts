/** Users and roles beside etcd's own: the same requests by the same callers, one by one, compared field by field. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import fc from 'fast-check';
import type { Message } from '../../node/etcd/testing/grpc-client.ts';
import { authRequest } from './beside-etcd/auth-requests.ts';
import { BothSides, seed, skipWithoutEtcd as skip } from './beside-etcd/both-sides.ts';
import { comparable, hasEmptyRange, hasKey, keyRequest, leaseRequest } from './beside-etcd/requests.ts';
import { reset } from './beside-etcd/reset.ts';
import type { Answer, Request, Side } from './beside-etcd/side.ts';

const RUNS = 20;
/** On a busy machine fewer will do. */
const MOST_MS = 30_000;

let sides: BothSides;

before(async () => {
  if (!skip) sides = await BothSides.start(['--bcrypt-cost=4']);
});

after(async () => {
  if (!skip) await sides.remove();
});

const NO_TOKEN = 'not a token';
const ROOT = { name: 'root', password: 'secret' };

type Caller = 'root' | 'u' | 'v' | null;
type Step = { readonly caller: Caller; readonly request: Request };

const caller: fc.Arbitrary<Caller> = fc.oneof(
  { weight: 3, arbitrary: fc.constant('root' as const) },
  { weight: 6, arbitrary: fc.constantFrom('u' as const, 'v' as const) },
  { weight: 1, arbitrary: fc.constant(null) },
);
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      caller: fc.oneof({ weight: 6, arbitrary: fc.constant('root' as const) }, { weight: 1, arbitrary: caller }),
      request: authRequest,
    }),
  },
  { weight: 4, arbitrary: fc.record({ caller, request: keyRequest.filter(({ message }) => !hasEmptyRange(message)) }) },
  { weight: 1, arbitrary: fc.record({ caller, request: leaseRequest }) },
);

test('users, roles, and what they may', { skip }, async () => {
  const { theirs, ours } = sides;
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 30, size: 'max' }), async (steps) => {
      await Promise.all([start(theirs), start(ours)]);
      let tokens = new Map<Caller, [Answer, Answer]>();
      const both = (run: (side: Side) => Promise<Answer>): Promise<[Answer, Answer]> =>
        Promise.all([run(theirs), run(ours)]);
      for (const { caller: name, request } of steps) {
        // etcd tells it to root alone, here everybody may know (docs/etcd.md).
        if (request.path === 'Auth/AuthStatus' && name !== 'root') continue;
        let given: readonly [string | undefined, string | undefined] = [undefined, undefined];
        if (name !== null) {
          const found =
            tokens.get(name) ??
            (await both((side) =>
              side.ask({
                path: 'Auth/Authenticate',
                type: 'AuthenticateRequest',
                message: { name, password: name === 'root' ? 'secret' : 'p' },
              }),
            ));
          tokens.set(name, found);
          assert.deepEqual(
            withoutToken(found[1]),
            withoutToken(found[0]),
            `another answer to ${name} who shows a password`,
          );
          if (!('error' in found[0])) given = found.map((answer) => tokenOf(answer)) as [string, string];
          else given = [NO_TOKEN, NO_TOKEN];
        }
        // In etcd most of what concerns leases is free for all, as is a transaction without keys.
        const isFree = request.path.startsWith('Lease/') || (request.path === 'KV/Txn' && !hasKey(request.message));
        if (isFree && (given[0] ?? NO_TOKEN) === NO_TOKEN) continue;
        if (name !== 'root' && needsMoreThanInEtcd(request.message)) continue;
        const [expected, actual] = (
          await Promise.all([theirs.ask(request, given[0]), ours.ask(request, given[1])])
        ).map(comparable) as [Answer, Answer];
        assert.deepEqual(actual, expected, `another answer to ${request.path} by ${name}`);
        if (request.path.startsWith('Auth/')) tokens = new Map();
      }
    }),
    { numRuns: RUNS, seed, interruptAfterTimeLimit: MOST_MS },
  );
});

function tokenOf(answer: Answer): string {
  return 'error' in answer ? '' : (answer.message as Message)['token'];
}

/** Of a transaction etcd 3.6.8 does not look for rights in what it nests, and only to write in what it puts. */
function needsMoreThanInEtcd({ success = [], failure = [] }: Message): boolean {
  return [...success, ...failure].some(
    ({ request_txn: nested, request_put: put }: Message) =>
      hasKey(nested) || (put !== undefined && (put.prev_kv || put.lease !== 0n)),
  );
}

function withoutToken(answer: Answer): Answer {
  return 'error' in answer ? answer : { message: { ...(answer.message as Message), token: '' } };
}

/** No keys, no leases; root who may all, `u` who may what role `r` may, and authentication enabled. */
async function start(side: Side): Promise<void> {
  const shown = await side.ask({ path: 'Auth/Authenticate', type: 'AuthenticateRequest', message: ROOT });
  if (!('error' in shown)) await side.raw('Auth/AuthDisable', 'AuthDisableRequest', {}, tokenOf(shown));
  await reset(side);
  const { users } = await side.raw('Auth/UserList', 'AuthUserListRequest', {});
  for (const name of users) await side.raw('Auth/UserDelete', 'AuthUserDeleteRequest', { name });
  const { roles } = await side.raw('Auth/RoleList', 'AuthRoleListRequest', {});
  for (const role of roles) await side.raw('Auth/RoleDelete', 'AuthRoleDeleteRequest', { role });
  await side.raw('Auth/UserAdd', 'AuthUserAddRequest', ROOT);
  await side.raw('Auth/RoleAdd', 'AuthRoleAddRequest', { name: 'root' });
  await side.raw('Auth/UserGrantRole', 'AuthUserGrantRoleRequest', { user: 'root', role: 'root' });
  await side.raw('Auth/UserAdd', 'AuthUserAddRequest', { name: 'u', password: 'p' });
  await side.raw('Auth/RoleAdd', 'AuthRoleAddRequest', { name: 'r' });
  await side.raw('Auth/UserGrantRole', 'AuthUserGrantRoleRequest', { user: 'u', role: 'r' });
  const perm = { permType: 2, key: Buffer.from('a'), range_end: Buffer.from('b') };
  await side.raw('Auth/RoleGrantPermission', 'AuthRoleGrantPermissionRequest', { name: 'r', perm });
  await side.raw('Auth/AuthEnable', 'AuthEnableRequest', {});
}
