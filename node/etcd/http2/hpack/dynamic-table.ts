/** The fields that one direction of a connection has sent before (RFC 7541, sections 2.3.2 and 4). */
import type { HeaderField } from './header-field.ts';

export class DynamicTable {
  /** Oldest first. */
  readonly #fields: HeaderField[] = [];
  #sizeBytes = 0;
  #maxBytes: number;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** @param index from the newest, which is 0 */
  at(index: number): HeaderField | undefined {
    return this.#fields[this.#fields.length - 1 - index];
  }

  /** One that is larger than the table empties it, which is no error (section 4.4). */
  add(field: HeaderField): void {
    this.#evictDownTo(this.#maxBytes - field.sizeBytes);
    if (field.sizeBytes > this.#maxBytes) return;
    this.#fields.push(field);
    this.#sizeBytes += field.sizeBytes;
  }

  resize(maxBytes: number): void {
    this.#maxBytes = maxBytes;
    this.#evictDownTo(maxBytes);
  }

  #evictDownTo(bytes: number): void {
    while (this.#sizeBytes > bytes) {
      const oldest = this.#fields.shift();
      if (oldest === undefined) return;
      this.#sizeBytes -= oldest.sizeBytes;
    }
  }
}
