/** Our answers beside etcd's own: the same requests in the same order, one by one, compared field by field. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import fc from 'fast-check';
import type { Message } from '../../node/etcd/testing/grpc-client.ts';
import { BothSides, seed, skipWithoutEtcd as skip } from './beside-etcd/both-sides.ts';
import { compactRequest, comparable, keyRequest, leaseRequest, watchRequest } from './beside-etcd/requests.ts';
import { reset } from './beside-etcd/reset.ts';
import type { Answer, Request, Side } from './beside-etcd/side.ts';
import { WatchLog } from './beside-etcd/watch-log.ts';

const RUNS = 50;
/** On a busy machine fewer will do. */
const MOST_MS = 30_000;

let sides: BothSides;

before(async () => {
  if (!skip) sides = await BothSides.start();
});

after(async () => {
  if (!skip) await sides.remove();
});

type Step =
  | { readonly kind: 'Ask'; readonly request: Request }
  | { readonly kind: 'Watch'; readonly message: Message }
  | { readonly kind: 'Cancel'; readonly id: bigint };

const asked = (request: Request): Step => ({ kind: 'Ask', request });
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 30, arbitrary: keyRequest.map(asked) },
  { weight: 2, arbitrary: compactRequest.map(asked) },
  { weight: 6, arbitrary: leaseRequest.map(asked) },
  { weight: 3, arbitrary: watchRequest.map((message) => ({ kind: 'Watch' as const, message })) },
  { weight: 1, arbitrary: fc.constantFrom(0n, 1n, 2n, 7n).map((id) => ({ kind: 'Cancel' as const, id })) },
);

test('keys, leases and watches', { skip }, async () => {
  const { theirs, ours } = sides;
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 40, size: 'max' }), async (steps) => {
      await Promise.all([reset(theirs), reset(ours)]);
      const logs = await Promise.all([WatchLog.open(theirs), WatchLog.open(ours)]);
      let revision = 0n;
      const both = async <T>(run: (side: Side, log: WatchLog) => Promise<T>): Promise<[T, T]> =>
        Promise.all([run(theirs, logs[0]), run(ours, logs[1])]);
      const settled = () => both((side, log) => log.settled(side.base + revision));
      for (const one of steps) {
        if (one.kind === 'Watch') {
          const [expected, actual] = await both((_side, log) => log.create(one.message));
          assert.deepEqual(actual, expected, 'the watch was created otherwise');
        } else if (one.kind === 'Cancel') {
          await settled();
          await both((_side, log) => log.cancel(one.id));
        } else {
          const { request } = one;
          if (request.path === 'KV/Compact') {
            await settled();
            await sides.watchesInSync();
          }
          const [expected, actual] = (await both((side) => side.ask(request))).map(comparable) as [Answer, Answer];
          assert.deepEqual(actual, expected, `another answer to ${request.path}`);
          const reached = revisionOf(expected);
          if (reached !== null) revision = reached;
          if (request.path === 'KV/Compact' && reached !== null) {
            await both(async (side, log) => {
              log.compacted = BigInt(side.absolute(request.message)['revision']);
            });
          }
        }
      }
      await settled();
      const [expected, actual] = logs.map((log) => log.finish());
      assert.deepEqual(actual, expected, 'watches told otherwise');
    }),
    { numRuns: RUNS, seed, interruptAfterTimeLimit: MOST_MS },
  );
});

/** After the first of the run. */
function revisionOf(answer: Answer): bigint | null {
  return 'error' in answer ? null : BigInt((answer.message as Message)['header'].revision.slice(1));
}
