/**
 * One `Watch` call with its many watches. Each is a watch of the store, pulled only as fast as the caller reads, so
 * that what is held for a slow caller stays bounded; what they deliver goes out on the one stream.
 */
import { type Member, RequestError } from '../../../server/types.ts';
import type { Watch, WatchBatch, WatchOptions } from '../../../store/types.ts';
import type { EtcdContext } from '../../context.ts';
import { etcdError, etcdText, requestErrorOf } from '../../errors.ts';
import type { Call } from '../../grpc/call.ts';
import type { Send } from '../../grpc/method.ts';
import { codeName } from '../../grpc/status.ts';
import type { WatchCreateRequest, WatchRequest, WatchResponse } from '../../proto/watch-codec.ts';
import { toWatchOptions } from './create.ts';
import { fragmentsOf } from './fragments.ts';

type Watching = {
  readonly id: number;
  readonly watch: Watch;
  readonly startRevision: number;
  readonly isFragmented: boolean;
  readonly wantsProgress: boolean;
  /** Nothing was sent since the last look at those who want progress. */
  isQuiet: boolean;
  /** It is due to hear how far it is, when its mark comes. */
  isNotified: boolean;
};

/** Refusals for want of a right: they end the watch that was asked for, and no other of the stream. */
const refusals: ReadonlySet<string> = new Set(['unauthenticated', 'auth_outdated', 'permission_denied']);
/** The watch id of answers that concern no watch, or all. */
const NO_WATCH = -1;

export class WatchStream {
  readonly #etcd: EtcdContext;
  readonly #member: Member;
  readonly #send: Send<WatchResponse>;
  readonly #watching = new Map<number, Watching>();
  /** Ids of watches that a compaction has ended. As in etcd they stay taken until the caller cancels them. */
  readonly #compacted = new Set<number>();
  /** Whose mark is awaited before all can be told how far they are; null while nobody asks. */
  #unmarked: Set<Watching> | null = null;
  #lowestMark = 0;
  #nextId = 0;
  #progressTimer: NodeJS.Timeout | null = null;
  readonly #failed = Promise.withResolvers<never>();

  /** @param member with the rights of the caller */
  constructor(etcd: EtcdContext, member: Member, send: Send<WatchResponse>) {
    this.#etcd = etcd;
    this.#member = member;
    this.#send = send;
  }

  /** Resolves when the caller has gone. One that has no more to ask, as a script, still wants to be told what it watches. */
  async serve(requests: AsyncIterable<WatchRequest>, call: Call): Promise<void> {
    const gone = new Promise<void>((resolve) => call.onAbort(() => resolve()));
    try {
      await Promise.race([
        this.#take(requests, call).then(() => (this.#watching.size > 0 ? gone : undefined)),
        this.#failed.promise,
      ]);
    } finally {
      if (this.#progressTimer !== null) clearInterval(this.#progressTimer);
      for (const { watch } of this.#watching.values()) watch.close();
      this.#watching.clear();
    }
  }

  async #take(requests: AsyncIterable<WatchRequest>, call: Call): Promise<void> {
    for await (const request of requests) {
      if (request?.kind === 'Create') await this.#create(request, call);
      else if (request?.kind === 'Cancel') await this.#cancel(request.watchId);
      else if (request?.kind === 'Progress') this.#askProgress();
    }
  }

  async #create(request: WatchCreateRequest, call: Call): Promise<void> {
    const options = toWatchOptions(request);
    if ('refused' in options) {
      return this.#refuse(options.refused === 'EmptyRange' ? 'mvcc: watcher range is empty' : etcdText('compacted'));
    }
    if (request.watchId !== 0 && this.#isTaken(request.watchId)) {
      return this.#refuse('mvcc: duplicate watch ID provided on the WatchStream');
    }
    const id = request.watchId === 0 ? this.#freeId() : request.watchId;
    const watch = await this.#watch(options, call);
    if (typeof watch === 'string') return this.#refuse(watch);
    const watching: Watching = {
      id,
      watch,
      startRevision: options.startRevision,
      isFragmented: request.fragment,
      wantsProgress: request.progressNotify,
      isQuiet: true,
      isNotified: false,
    };
    this.#watching.set(id, watching);
    if (request.progressNotify) this.#startProgress();
    await this.#send({ header: this.#etcd.header(watch.revision), watchId: id, created: true });
    this.#deliver(watching).catch(this.#failed.reject);
  }

  /** A text: why the caller may not read all of these keys, as clientv3 looks for it, to come back with a new token. */
  async #watch(options: WatchOptions, call: Call): Promise<Watch | string> {
    try {
      return await this.#member.watch(options);
    } catch (error) {
      if (!(error instanceof RequestError && refusals.has(error.code))) throw error;
      const { code, message } = requestErrorOf(error, call);
      return `rpc error: code = ${codeName(code)} desc = ${message}`;
    }
  }

  #freeId(): number {
    while (this.#isTaken(this.#nextId)) this.#nextId += 1;
    this.#nextId += 1;
    return this.#nextId - 1;
  }

  #isTaken(watchId: number): boolean {
    return this.#watching.has(watchId) || this.#compacted.has(watchId);
  }

  async #refuse(cancelReason: string): Promise<void> {
    const refusal = { watchId: NO_WATCH, created: true, canceled: true, cancelReason };
    await this.#send({ header: this.#etcd.header(), ...refusal });
  }

  async #cancel(watchId: number): Promise<void> {
    const watching = this.#watching.get(watchId);
    if (watching !== undefined) {
      this.#forget(watching);
      watching.watch.close();
    } else if (!this.#compacted.delete(watchId)) {
      return;
    }
    await this.#send({ header: this.#etcd.header(), watchId, canceled: true });
  }

  async #deliver(watching: Watching): Promise<void> {
    const { watch } = watching;
    try {
      for (;;) {
        const next = watch.next();
        const batch = next instanceof Promise ? await next : next;
        if (!this.#isOpen(watching)) return;
        if (batch === null) break;
        const isSending = batch.events.length === 0 ? this.#marked(watching, batch) : this.#sendEvents(watching, batch);
        if (isSending !== undefined) await isSending;
      }
      // We have not closed it, so the member is ending it.
      if (this.#isOpen(watching)) throw etcdError('stopped');
    } catch (error) {
      if (!this.#isOpen(watching)) return;
      if (!(error instanceof RequestError) || error.code !== 'compacted') throw error;
      this.#forget(watching);
      this.#compacted.add(watching.id);
      // As etcd has it: without a reason and at no revision. Clients tell it from other ends by `compactRevision`.
      await this.#send({
        header: this.#etcd.header(0),
        watchId: watching.id,
        canceled: true,
        compactRevision: error.detail.compacted_revision ?? this.#etcd.member.position().compactedRevision,
      });
    } finally {
      watch.close();
    }
  }

  #sendEvents(watching: Watching, batch: WatchBatch): Promise<void> | undefined {
    watching.isQuiet = false;
    if (watching.isFragmented) return this.#sendFragments(watching, batch);
    const { revision, events } = batch;
    return this.#send({ header: this.#etcd.header(revision), watchId: watching.id, events });
  }

  async #sendFragments({ id: watchId }: Watching, { revision, events }: WatchBatch): Promise<void> {
    const header = this.#etcd.header(revision);
    const parts = fragmentsOf(events, this.#etcd.limits.maxRequestBytes);
    for (const [n, part] of parts.entries()) {
      await this.#send({ header, watchId, events: part, fragment: n < parts.length - 1 });
    }
  }

  /** Asks every watch for a mark, which comes after all that it has yet to deliver. */
  #askProgress(): void {
    if (this.#unmarked !== null || this.#watching.size === 0) return;
    this.#unmarked = new Set(this.#watching.values());
    this.#lowestMark = Number.MAX_SAFE_INTEGER;
    for (const { watch } of this.#unmarked) watch.requestProgress();
  }

  /** Everything through `revision` was delivered to this watch. */
  async #marked(watching: Watching, { revision }: WatchBatch): Promise<void> {
    if (watching.isNotified) {
      watching.isNotified = false;
      await this.#send({ header: this.#etcd.header(revision), watchId: watching.id });
    }
    if (this.#unmarked === null || !this.#unmarked.delete(watching)) return;
    this.#lowestMark = Math.min(this.#lowestMark, revision);
    await this.#tellProgress();
  }

  /** To all at once; not while one of them waits for a revision of the future, as etcd does it. */
  async #tellProgress(): Promise<void> {
    if (this.#unmarked === null || this.#unmarked.size > 0) return;
    this.#unmarked = null;
    const revision = this.#lowestMark;
    for (const { startRevision } of this.#watching.values()) if (startRevision > revision) return;
    if (this.#watching.size > 0) await this.#send({ header: this.#etcd.header(revision), watchId: NO_WATCH });
  }

  #startProgress(): void {
    this.#progressTimer ??= setInterval(() => this.#notify(), this.#etcd.limits.watchProgressIntervalMs).unref();
  }

  #notify(): void {
    for (const watching of this.#watching.values()) {
      if (watching.wantsProgress && watching.isQuiet) {
        watching.isNotified = true;
        watching.watch.requestProgress();
      }
      watching.isQuiet = true;
    }
  }

  #isOpen(watching: Watching): boolean {
    return this.#watching.get(watching.id) === watching;
  }

  #forget(watching: Watching): void {
    this.#watching.delete(watching.id);
    if (this.#unmarked?.delete(watching)) this.#tellProgress()?.catch(this.#failed.reject);
  }
}
