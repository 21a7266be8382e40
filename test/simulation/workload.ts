/**
 * Clients: each sends one request after the other to members picked at random, keeps to what it was told, and has
 * every answer judged by the oracle.
 */
import { createHash } from 'node:crypto';
import { rangeOf } from '../../node/store/range-of.ts';
import type { Command, Keys, LeaseId, Put, Result, Txn } from '../../node/store/types.ts';
import { type Answer, call, sleep } from './calls.ts';
import type { Cluster } from './cluster.ts';
import type { Machine } from './machine.ts';
import type { Oracle } from './oracle.ts';
import { REQUEST_KINDS, type RequestKind } from './plan.ts';
import type { Random } from './random.ts';

export const KEY_COUNT = 6;

export class Client {
  isStopped = false;
  /** Longer pauses, when it only has to be seen that all goes on. */
  isIdle = false;
  readonly #name: string;
  readonly #cluster: Cluster;
  readonly #oracle: Oracle;
  readonly #random: Random;
  #valueCount = 0;
  #lease: { readonly id: LeaseId; readonly ttlSeconds: number; untilMs: number } | null = null;
  /** One that it has given back: nobody must say any more that it is held. */
  #revokedLease: LeaseId | null = null;
  /** Newest modification revision that it has seen, by key: what it compares with. */
  readonly #seen = new Map<string, number>();
  readonly #serializableAt = new Map<string, number>();

  constructor(cluster: Cluster, name: string) {
    this.#name = `${cluster.prefix}${name}`;
    this.#cluster = cluster;
    this.#oracle = cluster.observers.oracle;
    this.#random = cluster.random.fork(`client ${name}`);
  }

  async run(): Promise<void> {
    while (!this.isStopped) {
      await this.#request();
      const thinkMs = this.isIdle ? 100 : this.#cluster.plan.thinkMs;
      await sleep(this.#cluster.world, this.#random.between(0, 2 * thinkMs));
    }
  }

  async #request(): Promise<void> {
    const requests: Record<RequestKind, () => Promise<unknown>> = {
      Put: () => this.put(),
      Delete: () => this.#delete(),
      CompareAndPut: () => this.#compareAndPut(),
      PutTwo: () => this.#putTwo(),
      Read: () => this.#read('linearizable'),
      SerializableRead: () => this.#read('serializable'),
      PastRead: () => this.#readPast(),
      Lease: () => this.#useLease(),
      Compact: () => this.#compact(),
    };
    const { mixture } = this.#cluster.plan;
    let choice = this.#random.between(
      0,
      REQUEST_KINDS.reduce((sum, kind) => sum + mixture[kind], 0),
    );
    for (const kind of REQUEST_KINDS) {
      choice -= mixture[kind];
      if (choice < 0) {
        await requests[kind]();
        return;
      }
    }
  }

  /** True when it was acknowledged. */
  async put(machine?: Machine): Promise<boolean> {
    const key = this.#key();
    const value = this.#value();
    const floor = this.#oracle.floor();
    const hasLease = this.#lease !== null && this.#random.chance(0.3);
    const answer = await this.#write(putOf(key, value, hasLease ? this.#lease!.id : 0n), [`${key}=${value}`], machine);
    if (answer.kind !== 'Answered' || answer.value.kind !== 'Put') return false;
    this.#oracle.acknowledgedPut(key, value, answer.value.revision, floor);
    this.#seen.set(key, answer.value.revision);
    return true;
  }

  async #delete(): Promise<void> {
    const key = this.#key();
    const floor = this.#oracle.floor();
    const answer = await this.#write({ kind: 'DeleteRange', ...one(key), returnPrevious: false }, []);
    if (answer.kind !== 'Answered' || answer.value.kind !== 'DeleteRange') return;
    this.#oracle.acknowledgedDelete(key, answer.value.deleted, answer.value.revision, floor);
    this.#seen.set(key, 0);
  }

  /** Puts if the key is as it was last seen, else reads it. */
  async #compareAndPut(): Promise<void> {
    const key = this.#key();
    const value = this.#value();
    const floor = this.#oracle.floor();
    const compares: Txn['compares'] = [
      { ...one(key), target: 'Mod', comparison: 'Equal', number: this.#seen.get(key) ?? 0 },
    ];
    const txn: Txn = { kind: 'Txn', compares, success: [putOf(key, value, 0n)], failure: [rangeOf(one(key))] };
    const answer = await this.#write(txn, [`${key}=${value}`]);
    if (answer.kind !== 'Answered' || answer.value.kind !== 'Txn') return;
    const { succeeded, revision, results } = answer.value;
    const { world } = this.#cluster;
    this.#oracle.compared(compares, succeeded, revision);
    if (succeeded) {
      this.#oracle.acknowledgedPut(key, value, revision, floor);
      this.#seen.set(key, revision);
    } else {
      this.#oracle.failed(`${key}=${value}`);
      const read = results[0];
      if (read?.kind !== 'Range') return world.fail('a failed transaction did not run its else branch');
      this.#oracle.answeredRange(one(key), 0, read, floor);
      this.#seen.set(key, read.items[0]?.modRevision ?? 0);
    }
  }

  /** Two keys in one transaction: nobody may ever see one without the other. */
  async #putTwo(): Promise<void> {
    const keys = [this.#key(), `${this.#key()}+`];
    const value = this.#value();
    const floor = this.#oracle.floor();
    const txn: Txn = { kind: 'Txn', compares: [], success: keys.map((key) => putOf(key, value, 0n)), failure: [] };
    const answer = await this.#write(
      txn,
      keys.map((key) => `${key}=${value}`),
    );
    if (answer.kind !== 'Answered' || answer.value.kind !== 'Txn') return;
    for (const key of keys) this.#oracle.acknowledgedPut(key, value, answer.value.revision, floor);
  }

  async #read(consistency: 'linearizable' | 'serializable'): Promise<void> {
    const { world } = this.#cluster;
    const keys = this.#random.chance(0.5) ? one(this.#key()) : ALL_KEYS;
    const machine = this.#cluster.someMachine(this.#random);
    const processName = `${machine.name} ${machine.process?.number}`;
    const floor = consistency === 'linearizable' ? this.#oracle.floor() : 0;
    const options = { timeoutMs: this.#timeoutMs(), consistency };
    const answer = await call(world, machine, PATIENCE_MS, (member) => member.range(rangeOf(keys), options));
    if (answer.kind !== 'Answered') return;
    world.count(`${consistency} reads`);
    const { revision, items } = answer.value;
    this.#oracle.answeredRange(keys, 0, answer.value, floor);
    for (const item of items) this.#seen.set(item.key.toString('latin1'), item.modRevision);
    if (consistency === 'linearizable') return;
    const before = this.#serializableAt.get(processName) ?? 0;
    world.check(
      revision >= before,
      () => `serializable reads of ${processName} went back from revision ${before} to ${revision}`,
    );
    this.#serializableAt.set(processName, revision);
  }

  async #readPast(): Promise<void> {
    const { world } = this.#cluster;
    const oldest = Math.max(1, this.#oracle.history.firstRevision - 3);
    const revision = this.#random.integer(oldest, Math.max(1, this.#oracle.floor()));
    const keys = one(this.#key());
    const machine = this.#cluster.someMachine(this.#random);
    const options = { timeoutMs: this.#timeoutMs(), consistency: 'linearizable' } as const;
    const floor = this.#oracle.floor();
    const answer = await call(world, machine, PATIENCE_MS, (member) =>
      member.range({ ...rangeOf(keys), revision }, options),
    );
    if (answer.kind === 'Answered') {
      world.count('past reads');
      this.#oracle.answeredRange(keys, revision, answer.value, floor);
    } else if (answer.code === 'compacted') {
      world.check(
        revision < this.#oracle.model.compactedRevision,
        () => `revision ${revision} was said to be compacted`,
      );
    }
  }

  async #useLease(): Promise<void> {
    const { world } = this.#cluster;
    const lease = this.#lease;
    const askedMs = world.nowMs;
    if (lease === null && this.#revokedLease !== null && this.#random.chance(0.7)) {
      await this.#keepAlive(this.#revokedLease);
    } else if (lease === null) {
      const id = BigInt(`0x${this.#random.hex(12)}`) + 1n;
      const answer = await this.#write({ kind: 'LeaseGrant', id, ttlSeconds: this.#random.integer(1, 3) }, []);
      if (answer.kind !== 'Answered' || answer.value.kind !== 'Lease') return;
      const { ttlSeconds } = answer.value;
      this.#lease = { id, ttlSeconds, untilMs: askedMs + this.#random.between(0, this.#random.pick([300, 8_000])) };
      this.#oracle.leaseHeld(id, askedMs, ttlSeconds);
    } else if (world.nowMs > lease.untilMs) {
      this.#lease = null;
      if (this.#random.chance(0.5)) {
        this.#revokedLease = lease.id;
        await this.#write({ kind: 'LeaseRevoke', id: lease.id }, []);
      }
    } else {
      await this.#keepAlive(lease.id);
    }
  }

  async #keepAlive(lease: LeaseId): Promise<void> {
    const { world } = this.#cluster;
    const machine = this.#cluster.someMachine(this.#random);
    const askedMs = world.nowMs;
    const answer = await call(world, machine, PATIENCE_MS, (member) =>
      member.keepAlive(lease, { timeoutMs: this.#timeoutMs() }),
    );
    if (answer.kind !== 'Answered') return;
    world.count('leases kept alive');
    this.#oracle.leaseHeld(lease, askedMs, answer.value.ttlSeconds);
  }

  async #compact(): Promise<void> {
    const revision = this.#oracle.floor() - this.#random.integer(0, 20);
    if (revision > 0) await this.#write({ kind: 'Compact', revision }, []);
  }

  /**
   * With an idempotency key it is sent again, elsewhere, until it is answered; without one it is sent once.
   * @param values of the puts in it: `key=value`
   */
  async #write(command: Command, values: readonly string[], only?: Machine): Promise<Answer<Result>> {
    const { world } = this.#cluster;
    const isIdempotent = this.#random.chance(0.4);
    const key = `${this.#name}-${this.#valueCount++}`;
    const idempotency = { key, fingerprint: createHash('sha256').update(key).digest() };
    let mayHaveHappened = false;
    for (let attempt = 1; ; attempt++) {
      const machine = only ?? this.#cluster.someMachine(this.#random);
      const options = { timeoutMs: this.#timeoutMs(), ...(isIdempotent ? { idempotency } : {}) };
      world.trace.add(`client ${this.#name} ${machine.name} ${command.kind} ${values}`);
      const answer = await call(world, machine, PATIENCE_MS, (member) => member.propose(command, options));
      world.trace.add(`client ${this.#name} ${command.kind} ${describe(answer)}`);
      world.count(`writes ${answer.kind}`);
      if (answer.kind === 'Unknown') mayHaveHappened = true;
      const isFailed = answer.kind === 'Answered' && answer.value.kind === 'Failed';
      if (isFailed) for (const value of values) this.#oracle.failed(value);
      else if (answer.kind === 'Refused' && !mayHaveHappened) for (const value of values) this.#oracle.refused(value);
      if (answer.kind === 'Answered') return answer;
      if (!isIdempotent || (answer.kind === 'Refused' && !mayHaveHappened) || attempt === 8 || this.isStopped)
        return answer;
      await sleep(world, this.#random.between(0, 200));
    }
  }

  #key(): string {
    return `k${this.#random.below(KEY_COUNT)}`;
  }

  #value(): string {
    const name = `${this.#name}.${this.#valueCount++}`;
    return name + '.'.repeat(this.#random.below(this.#cluster.plan.maxValueBytes));
  }

  #timeoutMs(): number {
    return this.#random.pick([200, 1_000, 3_000]);
  }
}

/** All that a member holds. */
export async function judgeContent({ world, observers }: Cluster, machine: Machine): Promise<void> {
  const options = { timeoutMs: PATIENCE_MS, consistency: 'serializable' } as const;
  const answer = await call(world, machine, PATIENCE_MS, (member) => member.range(rangeOf(ALL_KEYS), options));
  if (answer.kind === 'Answered') observers.oracle.answeredRange(ALL_KEYS, 0, answer.value, 0);
}

/** Longer than any request may take by its own timeout. */
const PATIENCE_MS = 6_000;
export const ALL_KEYS: Keys = { key: Buffer.from('k'), rangeEnd: Buffer.from('l') };

function one(key: string): Keys {
  return { key: Buffer.from(key), rangeEnd: null };
}

export function putOf(key: string, value: string, lease: LeaseId): Put {
  return {
    kind: 'Put',
    key: Buffer.from(key),
    value: Buffer.from(value),
    lease,
    returnPrevious: false,
    ignoreValue: false,
    ignoreLease: false,
  };
}

function describe(answer: Answer<Result>): string {
  if (answer.kind !== 'Answered') return `${answer.kind} ${answer.code}`;
  const { value } = answer;
  return value.kind === 'Failed'
    ? `Failed ${value.code}`
    : `${value.kind} ${'revision' in value ? value.revision : ''}`;
}
