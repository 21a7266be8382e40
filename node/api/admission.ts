/**
 * Counts what this member is working on and refuses more before memory grows: requests, the bytes of their bodies, event
 * streams, snapshots. Large answers: `HeldAnswers` of the member.
 */
import { RequestError } from '../server/types.ts';
import type { ApiLimits } from './context.ts';

export class Admission {
  readonly #limits: ApiLimits;
  requestsInFlight = 0;
  bufferedBytes = 0;
  streams = 0;
  snapshotStreams = 0;

  constructor(limits: ApiLimits) {
    this.#limits = limits;
  }

  enterRequest(): void {
    if (this.requestsInFlight >= this.#limits.maxRequestsInFlight) {
      throw overloaded(`${this.requestsInFlight} requests are in flight`);
    }
    this.requestsInFlight += 1;
  }

  leaveRequest(bytes: number): void {
    this.requestsInFlight -= 1;
    this.bufferedBytes -= bytes;
  }

  /** For bytes about to be held; given back by `leaveRequest`. */
  reserveBytes(bytes: number): void {
    if (this.bufferedBytes + bytes > this.#limits.maxBufferedBytes) {
      throw overloaded(`requests of ${this.bufferedBytes} bytes are in flight`);
    }
    this.bufferedBytes += bytes;
  }

  enterStream(): void {
    if (this.streams >= this.#limits.maxStreams) throw overloaded(`${this.streams} event streams are open`);
    this.streams += 1;
  }

  leaveStream(): void {
    this.streams -= 1;
  }

  enterSnapshot(): void {
    if (this.snapshotStreams >= this.#limits.maxSnapshotStreams) {
      throw overloaded(`${this.snapshotStreams} snapshots are being sent`);
    }
    this.snapshotStreams += 1;
  }

  leaveSnapshot(): void {
    this.snapshotStreams -= 1;
  }
}

function overloaded(what: string): RequestError {
  return new RequestError('overloaded', `this member is at its limit: ${what}; try again later or at another member`);
}
