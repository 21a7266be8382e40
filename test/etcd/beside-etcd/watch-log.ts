/** What one side's watches of a run have told, watch by watch. */
import type { GrpcStream, Message } from '../../../node/etcd/testing/grpc-client.ts';
import type { Side } from './side.ts';

type Told = {
  readonly request: Message;
  /** The first revision that it tells of. */
  readonly start: bigint;
  /** It begins before what is left of history. */
  readonly isLost: boolean;
  readonly events: Message[];
  /** By a compaction, by its caller, or first by one and then by the other. */
  readonly ends: Message[];
};

/** For what must come on a busy machine. */
const PATIENCE_MS = 20_000;
const ALL = 1000n;
const ZERO = Buffer.from([0]);

export class WatchLog {
  readonly #side: Side;
  readonly #stream: GrpcStream;
  readonly #told = new Map<bigint, Told>();
  /** Those that have ended, whose ids may be given again. */
  readonly #ended: Told[] = [];
  readonly #created: Message[] = [];
  #failure: Error | null = null;
  #wake: () => void = () => {};
  compacted: bigint;

  /** With one watch that is told of everything. */
  static async open(side: Side): Promise<WatchLog> {
    const log = new WatchLog(side);
    await log.create({ key: ZERO, range_end: ZERO, watch_id: Number(ALL), start_revision: { at: 1 } });
    return log;
  }

  private constructor(side: Side) {
    this.#side = side;
    this.#stream = side.watch();
    this.compacted = side.base;
    void this.#read();
  }

  async create(request: Message): Promise<unknown> {
    const wanted = this.#side.absolute(request);
    const count = this.#created.length;
    this.#stream.send({ create_request: wanted });
    const answer = await this.#until(`the answer to ${JSON.stringify(request)}`, () => this.#created[count] ?? null);
    if (answer['canceled'] !== true) {
      const asked = BigInt(wanted['start_revision'] ?? 0);
      const start = asked === 0n ? answer['header'].revision + 1n : asked;
      const isLost = start < this.compacted;
      const told: Told = { request: wanted, start, isLost, events: [], ends: [] };
      this.#take(answer['watch_id'], told);
      // An etcd looks only once a second for such watches, and lets one be cancelled, or see a later compaction, before.
      if (isLost) await this.#until(`the end of watch ${answer['watch_id']}`, () => told.ends[0] ?? null);
    }
    return this.#side.relative(answer);
  }

  async cancel(id: bigint): Promise<void> {
    const told = this.#told.get(id);
    this.#stream.send({ cancel_request: { watch_id: id } });
    if (told === undefined) return;
    const count = told.ends.length;
    await this.#until(`watch ${id} to end`, () => told.ends[count] ?? null);
    this.#told.delete(id);
    this.#ended.push(told);
  }

  /** Waits until all was told that is to be told through this revision. */
  async settled(revision: bigint): Promise<void> {
    const all = this.#told.get(ALL)!.events;
    const last = (): bigint => all.at(-1)?.['kv'].mod_revision ?? this.#side.base;
    await this.#until(`the events of revision ${revision}`, () => (last() >= revision ? true : null));
    for (const [id, told] of this.#told) {
      await this.#until(`all events of watch ${id}`, () => {
        if (told.isLost) return true;
        const expected = all.filter((event) => isOf(event, told)).length;
        return told.events.length >= expected ? true : null;
      });
    }
  }

  /** Ends the stream. */
  finish(): unknown {
    this.#stream.http2.close();
    const watches = [...this.#ended, ...this.#told.values()];
    return watches.map(({ events, ends }) => this.#side.relative({ events, ends }));
  }

  async #read(): Promise<void> {
    try {
      for (;;) {
        const answer = await this.#stream.next();
        const told = this.#told.get(answer['watch_id']);
        if (answer['created'] === true) this.#created.push(answer);
        else if (told === undefined) this.#early.push(answer);
        else this.#note(told, answer);
        this.#wake();
      }
    } catch (error) {
      this.#fail(error as Error);
    }
  }

  /** Those that came before `create` went on. */
  readonly #early: Message[] = [];

  #take(id: bigint, told: Told): void {
    this.#told.set(id, told);
    for (const answer of this.#early.splice(0)) this.#note(told, answer);
  }

  #note(told: Told, answer: Message): void {
    told.events.push(...answer['events']);
    if (answer['canceled'] === true) told.ends.push(answer);
  }

  async #until<T>(what: string, look: () => T | null): Promise<T> {
    const deadline = setTimeout(() => this.#fail(new Error(`waited in vain for ${what}`)), PATIENCE_MS);
    try {
      for (;;) {
        const found = look();
        if (found !== null) return found;
        if (this.#failure !== null) throw this.#failure;
        await new Promise<void>((resolve) => {
          this.#wake = resolve;
        });
      }
    } finally {
      clearTimeout(deadline);
    }
  }

  #fail(error: Error): void {
    this.#failure ??= error;
    this.#wake();
  }
}

function isOf({ type, kv }: Message, { request, start }: Told): boolean {
  const filters = request['filters'] ?? [];
  if (kv.mod_revision < start || filters.includes(type)) return false;
  const key: Buffer = request['key'].length === 0 ? ZERO : request['key'];
  const end: Buffer = request['range_end'] ?? Buffer.alloc(0);
  if (end.length === 0) return key.equals(kv.key);
  return key.compare(kv.key) <= 0 && (end.equals(ZERO) || end.compare(kv.key) > 0);
}
