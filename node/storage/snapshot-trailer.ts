/**
 * What follows the chunks of a backup that etcd's clients have fetched: they take a file for whole only when it is some
 * blocks of 512 bytes and then the SHA-256 of these. So ours end with zeros up to a block, and that hash.
 */
import { createHash, type Hash } from 'node:crypto';

const BLOCK_BYTES = 512;
export const MAX_TRAILER_BYTES: number = BLOCK_BYTES - 1 + 32;

export class SnapshotTrailer {
  readonly #hash: Hash = createHash('sha256');
  #sizeBytes = 0;

  /** To be called with the chunks, in order. */
  add(bytes: Uint8Array): void {
    this.#hash.update(bytes);
    this.#sizeBytes += bytes.length;
  }

  /** To be called once, after the last chunk. */
  finish(): Buffer {
    const padding = Buffer.alloc((BLOCK_BYTES - (this.#sizeBytes % BLOCK_BYTES)) % BLOCK_BYTES);
    return Buffer.concat([padding, this.#hash.update(padding).digest()]);
  }
}
