/** How much more a peer may send (RFC 9113, section 6.9), and when it is told that it may send more again. */

export class ReceiveWindow {
  readonly #size: number;
  #available: number;
  #consumed = 0;

  constructor(size: number) {
    this.#size = size;
    this.#available = size;
  }

  /** False when the peer has sent more than it may. */
  receive(bytes: number): boolean {
    this.#available -= bytes;
    return this.#available >= 0;
  }

  /** @returns by how much to raise the window now; 0: later, with more */
  consume(bytes: number): number {
    this.#consumed += bytes;
    if (this.#consumed * 2 < this.#size) return 0;
    const raise = this.#consumed;
    this.#consumed = 0;
    this.#available += raise;
    return raise;
  }
}
