/** Random commands over few keys, so that they meet. */
import fc from 'fast-check';
import type { AuthChange } from '../auth/state.ts';
import type {
  Command,
  Compare,
  Keys,
  Membership,
  MembershipChange,
  Proposal,
  Range,
  Txn,
  TxnOperation,
  WatchOptions,
} from '../types.ts';

function record<T>(fields: { [K in keyof T]: fc.Arbitrary<T[K]> }): fc.Arbitrary<T> {
  return fc.record(fields, { noNullPrototype: true }) as fc.Arbitrary<T>;
}

/** Prefixes of each other, zero bytes and the highest byte among them. */
const KEYS = ['a', 'ab', 'a\0', 'a\0b', 'b', 'ba', 'c', '\xff', '\xffx', '\0'].map((key) => Buffer.from(key, 'latin1'));

export const keys: fc.Arbitrary<Buffer> = fc.constantFrom(...KEYS);

const prefixes: fc.Arbitrary<Keys> = keys.map((key) => {
  const end = Buffer.from(key);
  const last = end.length - 1;
  if (end[last] === 0xff) return { key, rangeEnd: Buffer.from([0]) };
  end[last] = end[last]! + 1;
  return { key, rangeEnd: end };
});

const points: fc.Arbitrary<Keys> = keys.map((key) => ({ key, rangeEnd: null }));

/** Also backward ranges, which hold nothing. */
const ranges: fc.Arbitrary<Keys> = fc.oneof(
  record({ key: keys, rangeEnd: keys }),
  prefixes,
  keys.map((key) => ({ key, rangeEnd: Buffer.from([0]) })),
  fc.constant({ key: Buffer.from([0]), rangeEnd: Buffer.from([0]) }),
);

export const anyKeys: fc.Arbitrary<Keys> = fc.oneof(points, ranges);

/** Mostly one key: a transaction that deletes much can put little. */
const keysToDelete: fc.Arbitrary<Keys> = fc.oneof({ weight: 4, arbitrary: points }, ranges);

const values: fc.Arbitrary<Buffer> = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom('', '1', '2', 'three').map((value) => Buffer.from(value)) },
  { weight: 1, arbitrary: fc.constantFrom(1024, 1025, 3000).map((size) => Buffer.alloc(size, size % 251)) },
);

const leaseIds: fc.Arbitrary<bigint> = fc.constantFrom(1n, 2n, 3n);

const puts: fc.Arbitrary<Command & { kind: 'Put' }> = record({
  key: keys,
  value: values,
  lease: fc.oneof({ weight: 5, arbitrary: fc.constant(0n) }, leaseIds),
  returnPrevious: fc.boolean(),
  keep: fc.oneof({ weight: 8, arbitrary: fc.constant('nothing') }, fc.constantFrom('value', 'lease')),
}).map(({ keep, value, lease, ...put }) => ({
  kind: 'Put',
  ...put,
  value: keep === 'value' ? Buffer.alloc(0) : value,
  lease: keep === 'lease' ? 0n : lease,
  ignoreValue: keep === 'value',
  ignoreLease: keep === 'lease',
}));

const deletes: fc.Arbitrary<Command & { kind: 'DeleteRange' }> = fc
  .tuple(keysToDelete, fc.boolean())
  .map(([deleted, returnPrevious]) => ({ kind: 'DeleteRange', ...deleted, returnPrevious }));

const bounds: fc.Arbitrary<number> = fc.oneof(
  { weight: 5, arbitrary: fc.constant(0) },
  fc.integer({ min: 1, max: 20 }),
);

/** @param revisions which to read at; 0 is the newest */
export function rangesAt(revisions: fc.Arbitrary<number>): fc.Arbitrary<Range> {
  return record({
    keys: anyKeys,
    revision: revisions,
    limit: fc.constantFrom(0, 0, 1, 2, 5),
    maxBytes: fc.constantFrom(undefined, undefined, 1, 1500),
    sort: fc.option(
      record({
        target: fc.constantFrom(
          'Key' as const,
          'Version' as const,
          'Create' as const,
          'Mod' as const,
          'Value' as const,
        ),
        descending: fc.boolean(),
      }),
    ),
    keysOnly: fc.boolean(),
    countOnly: fc.constantFrom(false, false, true),
    minModRevision: bounds,
    maxModRevision: bounds,
    minCreateRevision: bounds,
    maxCreateRevision: bounds,
  }).map(({ keys: keysToRead, maxBytes, ...range }) => ({
    kind: 'Range',
    ...keysToRead,
    ...range,
    ...(maxBytes === undefined ? {} : { maxBytes }),
  }));
}

const loggedRanges: fc.Arbitrary<Range> = rangesAt(
  fc.oneof({ weight: 8, arbitrary: fc.constant(0) }, fc.integer({ min: 1, max: 15 })),
).map(({ maxBytes: _, ...range }) => range);

const compares: fc.Arbitrary<Compare> = fc
  .tuple(
    anyKeys,
    fc.constantFrom('Equal' as const, 'NotEqual' as const, 'Greater' as const, 'Less' as const),
    fc.oneof(
      values.map((value) => ({ target: 'Value' as const, value })),
      record({
        target: fc.constantFrom('Create' as const, 'Mod' as const, 'Version' as const),
        number: fc.integer({ min: 0, max: 8 }),
      }),
      fc.constantFrom(0n, 1n, 2n).map((lease) => ({ target: 'Lease' as const, lease })),
    ),
  )
  .map(([keysToCompare, comparison, target]) => ({ ...keysToCompare, comparison, ...target }));

export const txns: fc.Arbitrary<Txn> = fc.letrec<{ txn: Txn; operation: TxnOperation }>((tie) => ({
  txn: record({
    compares: fc.array(compares, { maxLength: 2 }),
    success: fc.array(tie('operation'), { maxLength: 3 }),
    failure: fc.array(tie('operation'), { maxLength: 3 }),
  }).map((txn) => ({ kind: 'Txn', ...txn })),
  operation: fc.oneof(
    { maxDepth: 3, withCrossShrink: true },
    { weight: 4, arbitrary: puts },
    { weight: 1, arbitrary: deletes },
    { weight: 4, arbitrary: loggedRanges },
    { weight: 1, arbitrary: tie('txn') },
  ),
})).txn;

const leaseCommands: fc.Arbitrary<Command> = fc.oneof(
  leaseIds.map((id) => ({ kind: 'LeaseGrant' as const, id, ttlSeconds: 60 })),
  leaseIds.map((id) => ({ kind: 'LeaseRevoke' as const, id })),
  fc
    .array(record({ id: leaseIds, epoch: fc.integer({ min: 2, max: 30 }) }), { maxLength: 12 })
    .map((leases) => ({ kind: 'LeaseExpire' as const, leases })),
  fc
    .array(record({ id: leaseIds, remainingSeconds: fc.integer({ min: 1, max: 90 }) }), { maxLength: 3 })
    .map((leases) => ({ kind: 'LeaseCheckpoint' as const, leases })),
);

/** Everything that the model knows. */
export const keyCommands: fc.Arbitrary<Command> = fc.oneof(
  { weight: 10, arbitrary: puts },
  { weight: 3, arbitrary: deletes },
  { weight: 1, arbitrary: loggedRanges },
  { weight: 8, arbitrary: txns },
  { weight: 4, arbitrary: leaseCommands },
  { weight: 1, arbitrary: fc.integer({ min: 0, max: 30 }).map((revision) => ({ kind: 'Compact' as const, revision })) },
);

const idempotencies: fc.Arbitrary<Proposal['idempotency']> = fc.oneof(
  { weight: 4, arbitrary: fc.constant(null) },
  record({
    key: fc.constantFrom('x', 'y', 'ключ'),
    fingerprint: fc.constantFrom(1, 2).map((byte) => Buffer.alloc(32, byte)),
  }),
);

export const keyProposals: fc.Arbitrary<Pick<Proposal, 'command' | 'idempotency'>> = record({
  command: keyCommands,
  idempotency: idempotencies,
});

const changes: fc.Arbitrary<MembershipChange> = fc.oneof(
  record({ name: fc.string(), peerAddress: fc.string(), incarnation: fc.string() }).map((member) => ({
    kind: 'AddLearner' as const,
    ...member,
  })),
  record({ kind: fc.constantFrom('Promote' as const, 'Remove' as const), id: fc.integer({ min: 1, max: 9 }) }),
  fc
    .array(fc.integer({ min: 1, max: 9 }), { maxLength: 5 })
    .map((voters) => ({ kind: 'ReplaceVoters' as const, voters })),
);

export const membershipChanges: fc.Arbitrary<MembershipChange> = changes;

const laterChanges: fc.Arbitrary<MembershipChange> = fc.oneof(
  record({ kind: fc.constant('AddUnclaimed' as const), peerAddress: fc.string() }),
  record({ kind: fc.constant('UpdateAddress' as const), id: fc.nat(), peerAddress: fc.string() }),
);

const authChanges: fc.Arbitrary<AuthChange> = fc.oneof(
  fc.constant({ kind: 'Disable' as const }),
  record({ kind: fc.constant('AddUser' as const), name: fc.string(), passwordHash: fc.option(fc.string()) }),
  record({
    kind: fc.constant('RevokePermission' as const),
    name: fc.string(),
    key: fc.string(),
    rangeEnd: fc.option(fc.string()),
  }),
);

const plainProposals: fc.Arbitrary<Proposal> = record({
  origin: fc.integer({ min: 0, max: 2 ** 48 - 1 }),
  sequence: fc.integer({ min: 0, max: 2 ** 48 - 1 }),
  timeMs: fc.integer({ min: 0, max: 2 ** 48 - 1 }),
  idempotency: idempotencies,
  command: fc.oneof(
    { weight: 6, arbitrary: keyCommands },
    record({
      kind: fc.constant('ChangeMembership' as const),
      expectedConfigIndex: fc.maxSafeNat(),
      change: fc.oneof(changes, laterChanges),
    }),
    record({ kind: fc.constant('RaiseFormat' as const), format: fc.nat() }),
    record({ kind: fc.constant('ChangeAuth' as const), change: authChanges }),
    record({ kind: fc.constant('MarkCorrupt' as const), members: fc.array(fc.nat(9)), isCorrupt: fc.boolean() }),
  ),
});

export const proposals: fc.Arbitrary<Proposal> = fc
  .tuple(plainProposals, fc.option(fc.maxSafeNat()))
  .map(([proposal, authRevision]) => (authRevision === null ? proposal : { ...proposal, authRevision }));

/** @param startRevision 0 is from now */
export function watches(startRevision: fc.Arbitrary<number>): fc.Arbitrary<WatchOptions> {
  return record({
    keys: anyKeys,
    startRevision,
    returnPrevious: fc.boolean(),
    skipPuts: fc.constantFrom(false, false, true),
    skipDeletes: fc.constantFrom(false, false, true),
  }).map(({ keys: watched, ...options }) => ({ ...watched, ...options }));
}

export const memberships: fc.Arbitrary<Membership> = record({
  count: fc.integer({ min: 1, max: 5 }),
  voters: fc.integer({ min: 1, max: 5 }),
}).map(({ count, voters }) => {
  const ids = Array.from({ length: count }, (_, n) => n + 1);
  return {
    configIndex: 1,
    lastMemberId: count,
    members: ids.map((id) => ({ id, name: `n${id}`, peerAddress: `n${id}:1`, incarnation: `i${id}` })),
    voters: ids.slice(0, voters),
    leaving: null,
  };
});
