/** Bytes of messages that have not arrived whole, of all calls together. */
import type { GrpcError } from './status.ts';

export class BufferBudget {
  readonly #maxBytes: number;
  readonly #tooMany: GrpcError;
  #bytes = 0;

  constructor(maxBytes: number, tooMany: GrpcError) {
    this.#maxBytes = maxBytes;
    this.#tooMany = tooMany;
  }

  /** What one call holds has changed. @throws GrpcError when it has become too much for all; it counts all the same */
  change(before: number, after: number): void {
    this.#bytes += after - before;
    if (after > 0 && this.#bytes > this.#maxBytes) throw this.#tooMany;
  }
}
