/**
 * Where the data of received entries stays. A view into what the socket delivered would keep all of that alive for as
 * long as one entry of it is in the log, heartbeats and answers with it; a buffer an entry costs more than its copy.
 * Entries of one stream are kept and dropped in order, so that a slab of them goes at about one time.
 */
const SLAB_BYTES = 64 * 1024;
const OWN_BUFFER_BYTES = 8 * 1024;
const NO_BYTES = Buffer.alloc(0);

export class PayloadSlab {
  #slab: Buffer = NO_BYTES;
  #position = 0;

  /** The same bytes in memory that holds nothing but payloads of this stream. */
  keep(view: Buffer): Buffer {
    if (view.length === 0) return NO_BYTES;
    if (view.length >= OWN_BUFFER_BYTES) {
      const own = Buffer.allocUnsafeSlow(view.length);
      view.copy(own);
      return own;
    }
    if (this.#position + view.length > this.#slab.length) {
      this.#slab = Buffer.allocUnsafeSlow(SLAB_BYTES);
      this.#position = 0;
    }
    const start = this.#position;
    view.copy(this.#slab, start);
    this.#position = start + view.length;
    return this.#slab.subarray(start, this.#position);
  }
}
