/**
 * Writes Kubernetes events (events.k8s.io/v1) about what the operator does. Repeats of an event are counted in one
 * object, each reason has a budget per subject, and memory is bounded: a loop that runs wild must neither fill etcd nor
 * suppress events with other reasons.
 */
import { type Backoff, backoffMs } from './backoff.ts';
import { microTime, pause } from './clock.ts';
import { isKubeError, type KubeError } from './errors.ts';
import { type Event, eventKind } from './kinds.ts';
import { Throttle } from './throttle.ts';
import type { Clock, EventNote, EventRecorder, EventSubject, KubeApi, Random } from './types.ts';

export interface EventsOptions {
  readonly api: KubeApi;
  readonly clock: Clock;
  readonly random: Random;
  /** The event's `reportingController`, for example `quorate.dev/operator`. */
  readonly controller: string;
  /** The event's `reportingInstance`: the name of the operator's pod. */
  readonly instance: string;
  readonly observer?: EventsObserver;
}

export interface EventsObserver {
  /**
   * Called when an event is not written.
   *
   * @param error why the API server did not take it; null if a limit of the operator itself suppressed the event
   */
  dropped(reason: string, error: KubeError | null): void;
}

/** The limits of client-go's spam filter, here for each reason of a subject: 25 at once, then one every 5 minutes. */
const reasonRate = { perSecond: 1 / 300, burst: 25 };
/** A repeat after this time becomes a new event instead of a higher count, as in client-go. */
const seriesMs = 6 * 60_000;
/** The shortest time between two updates of the same event's count. */
const recountMs = 30_000;
const mostSeries = 2000;
const mostWaiting = 500;
const mostTries = 4;
const backoff: Backoff = { firstMs: 500, mostMs: 8000 };
/** The API's limit for `note`, which it counts in bytes. */
const mostMessageBytes = 1024;

interface Series {
  readonly event: Event;
  count: number;
  /** The count that the API server has stored; 0 before the event is created. */
  writtenCount: number;
  lastMs: number;
  lastWallMs: number;
  writtenAtMs: number;
}

export class Events implements EventRecorder {
  readonly #options: EventsOptions;
  /** Least recently used first. */
  readonly #series = new Map<string, Series>();
  /** By the subject's uid and the reason; least recently used first. */
  readonly #budgets = new Map<string, Throttle>();
  readonly #waiting = new Set<Series>();
  readonly #stopping = new AbortController();
  #writing: Promise<void> | null = null;

  constructor(options: EventsOptions) {
    this.#options = options;
  }

  record(subject: EventSubject, note: EventNote): void {
    if (this.#stopping.signal.aborted) return;
    const { clock } = this.#options;
    const nowMs = clock.nowMs();
    const key = JSON.stringify([subject.metadata.uid, note]);
    const known = this.#series.get(key);
    if (known !== undefined && nowMs - known.lastMs < seriesMs) {
      known.count += 1;
      known.lastMs = nowMs;
      known.lastWallMs = clock.wallMs();
      touch(this.#series, key, known, mostSeries);
      this.#write(known);
      return;
    }
    const spender = `${subject.metadata.uid} ${note.reason}`;
    const budget = this.#budgets.get(spender) ?? new Throttle(reasonRate);
    touch(this.#budgets, spender, budget, mostSeries);
    if (budget.isEmpty(nowMs)) {
      this.#options.observer?.dropped(note.reason, null);
      return;
    }
    budget.reserve(nowMs);
    const wallMs = clock.wallMs();
    const series: Series = {
      event: this.#eventOf(subject, note, wallMs),
      count: 1,
      writtenCount: 0,
      lastMs: nowMs,
      lastWallMs: wallMs,
      writtenAtMs: Number.NEGATIVE_INFINITY,
    };
    touch(this.#series, key, series, mostSeries);
    this.#write(series);
  }

  /** Writes the waiting events, for at most `withinMs` milliseconds; records nothing after that. */
  async stop(withinMs: number): Promise<void> {
    const late = this.#options.clock.after(withinMs, () => this.#stopping.abort());
    await this.#writing;
    // Counts that have risen since their last update, which was too recent for another one.
    for (const series of this.#series.values()) {
      if (series.writtenCount > 0 && series.count > series.writtenCount) this.#waiting.add(series);
    }
    await this.#writeAll(true);
    late.cancel();
    this.#stopping.abort();
  }

  #write(series: Series): void {
    if (!this.#isDue(series)) return;
    if (this.#waiting.size >= mostWaiting) {
      this.#options.observer?.dropped(series.event.reason ?? '', null);
      return;
    }
    this.#waiting.add(series);
    this.#writing ??= this.#writeAll(false);
  }

  /** If not due, a repeat is only counted. A later repeat, or `stop`, writes the count. */
  #isDue({ writtenAtMs }: Series): boolean {
    return this.#options.clock.nowMs() - writtenAtMs >= recountMs;
  }

  /** Writes one event at a time: events must not compete with more important requests. */
  async #writeAll(alsoEarly: boolean): Promise<void> {
    for (const series of this.#waiting) {
      this.#waiting.delete(series);
      if (alsoEarly || this.#isDue(series)) await this.#writeOne(series);
      if (this.#stopping.signal.aborted) break;
    }
    this.#writing = null;
  }

  async #writeOne(series: Series): Promise<void> {
    const { clock, random, observer } = this.#options;
    const { signal } = this.#stopping;
    for (let tries = 1; ; tries += 1) {
      const { count } = series;
      try {
        await this.#send(series, signal);
        series.writtenCount = count;
        series.writtenAtMs = clock.nowMs();
        return;
      } catch (error) {
        if (!isKubeError(error)) throw error;
        if (!error.mayHaveHappened || tries === mostTries || signal.aborted) {
          observer?.dropped(series.event.reason ?? '', error);
          return;
        }
        await pause(clock, backoffMs(backoff, tries, random), signal);
      }
    }
  }

  async #send({ event, count, writtenCount, lastWallMs }: Series, signal: AbortSignal): Promise<void> {
    const { api } = this.#options;
    const series = count === 1 ? {} : { series: { count, lastObservedTime: microTime(lastWallMs) } };
    const { namespace = '', name = '' } = event.metadata ?? {};
    try {
      if (writtenCount > 0) await api.patch(eventKind, { namespace, name }, series, { signal });
      else await api.create(eventKind, { ...event, ...series }, { signal });
    } catch (error) {
      // AlreadyExists: an earlier try created the event, but its answer was lost. NotFound: Kubernetes has deleted the
      // event, by default after an hour.
      if (isKubeError(error, 'AlreadyExists') && writtenCount === 0) return;
      if (!isKubeError(error, 'NotFound') || writtenCount === 0) throw error;
      await api.create(eventKind, { ...event, ...series }, { signal });
    }
  }

  #eventOf(subject: EventSubject, { type, reason, action, message }: EventNote, wallMs: number): Event {
    const { controller, instance, random } = this.#options;
    const suffix = Math.floor(random() * 2 ** 48)
      .toString(16)
      .padStart(12, '0');
    return {
      metadata: {
        // The API requires this namespace for events about cluster-scoped objects.
        namespace: subject.metadata.namespace || 'default',
        name: `${subject.metadata.name.slice(0, 200)}.${suffix}`,
      },
      eventTime: microTime(wallMs),
      reportingController: controller,
      reportingInstance: instance,
      type,
      reason,
      action,
      note: truncated(message),
      regarding: reference(subject),
    };
  }
}

function reference({ apiVersion, kind, metadata: { namespace, name, uid } }: EventSubject) {
  return { apiVersion, kind, name, uid, ...(namespace ? { namespace } : {}) };
}

function truncated(message: string): string {
  const bytes = Buffer.from(message);
  if (bytes.length <= mostMessageBytes) return message;
  return `${bytes
    .subarray(0, mostMessageBytes - 8)
    .toString('utf8')
    .replace(/\uFFFD+$/, '')} …`;
}

/** Makes the entry the most recently used one, and drops the least recently used one beyond `most` entries. */
function touch<V>(map: Map<string, V>, key: string, value: V, most: number): void {
  map.delete(key);
  map.set(key, value);
  if (map.size > most) map.delete(map.keys().next().value!);
}
