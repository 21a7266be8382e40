/**
 * Reads of a follower, which asks its leader for the read index: all reads of one turn in one request.
 * Bounded by an election timeout, because the request or its answer may be lost.
 */

type Request = { readonly readId: number; readonly requestIds: readonly number[]; ticks: number };

export class ForwardedReads {
  #waiting: number[] = [];
  /** Requests in the order in which they were sent, so the oldest is first. */
  #sent: Map<number, Request> = new Map();

  get hasWaiting(): boolean {
    return this.#waiting.length > 0;
  }

  add(requestId: number): void {
    this.#waiting.push(requestId);
  }

  /** All waiting reads leave under one number. */
  send(readId: number): void {
    this.#sent.set(readId, { readId, requestIds: this.#waiting, ticks: 0 });
    this.#waiting = [];
  }

  /** Undefined for an answer that nobody waits for any more. */
  answer(readId: number): readonly number[] | undefined {
    const request = this.#sent.get(readId);
    this.#sent.delete(readId);
    return request?.requestIds;
  }

  /** Removes and returns the reads that have waited too long. */
  expire(timeoutTicks: number): readonly number[] {
    const expired: number[] = [];
    for (const request of this.#sent.values()) {
      request.ticks++;
      if (request.ticks < timeoutTicks) continue;
      this.#sent.delete(request.readId);
      expired.push(...request.requestIds);
    }
    return expired;
  }

  /** Removes and returns all: the leader they were for is gone. */
  drop(): readonly number[] {
    const dropped = [...this.#sent.values()].flatMap((request) => request.requestIds);
    dropped.push(...this.#waiting);
    this.#sent.clear();
    this.#waiting = [];
    return dropped;
  }
}
