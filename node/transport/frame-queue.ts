/** Frames of a connection for a conversation that goes step by step. */
import type { Connection, ConnectionEnd, ConnectionHandler } from './connection.ts';
import { ProtocolError } from './protocol-error.ts';

/** The other side, or the network, ended the conversation before it was over. */
export class ConnectionLost extends Error {
  override readonly name = 'ConnectionLost';
}

export class FrameQueue implements ConnectionHandler {
  readonly #limit: number;
  readonly #frames: Buffer[] = [];
  #lost: ConnectionLost | null = null;
  #wake: (() => void) | null = null;

  /** @param limit of frames that wait; more than the conversation allows is a fault of the other side */
  constructor(limit: number) {
    this.#limit = limit;
  }

  frame(body: Buffer, isOwned: boolean): void {
    if (this.#frames.length >= this.#limit)
      throw new ProtocolError(`more than ${this.#limit} frames came ahead of their turn`);
    this.#frames.push(isOwned ? body : Buffer.from(body));
    this.#wake?.();
  }

  ended({ reason }: ConnectionEnd): void {
    this.#lost = new ConnectionLost(reason);
    this.#wake?.();
  }

  /** Ends the connection from this side; `ended` is not called then. */
  close(connection: Connection, reason: string): void {
    connection.close({ reason, refusal: null });
    this.ended({ isDeliberate: true, reason, refusal: null });
  }

  /** The next frame if it is there. Throws `ConnectionLost` when no more will come. */
  poll(): Buffer | null {
    const frame = this.#frames.shift();
    if (frame !== undefined) return frame;
    if (this.#lost !== null) throw this.#lost;
    return null;
  }

  /** One caller at a time. Throws `ConnectionLost`. */
  async next(): Promise<Buffer> {
    for (;;) {
      const frame = this.poll();
      if (frame !== null) return frame;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
      this.#wake = null;
    }
  }
}
