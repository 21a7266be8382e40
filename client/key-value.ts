/** One key as it was at some revision. */
import { type Bytes, fromJsonField, jsonField, toBytes, toText } from './bytes.ts';
import type { ApiKeyValue } from './types.ts';

export class KeyValue {
  readonly createRevision: number;
  readonly modRevision: number;
  /** 1 at creation, one more at each put, starts again after a delete. */
  readonly version: number;
  readonly lease: string | null;
  readonly #key: Bytes;
  readonly #value: Bytes;

  constructor(
    key: Bytes,
    value: Bytes,
    at: { createRevision: number; modRevision: number; version: number; lease: string | null },
  ) {
    this.#key = key;
    this.#value = value;
    this.createRevision = at.createRevision;
    this.modRevision = at.modRevision;
    this.version = at.version;
    this.lease = at.lease;
  }

  static fromApi(item: ApiKeyValue): KeyValue {
    return new KeyValue(fromJsonField(item.key, item.key_base64), fromJsonField(item.value, item.value_base64), {
      createRevision: item.create_revision,
      modRevision: item.mod_revision,
      version: item.version,
      lease: item.lease ?? null,
    });
  }

  /** As text; see `keyBytes` for keys that are not. */
  get key(): string {
    return toText(this.#key);
  }

  get keyBytes(): Uint8Array {
    return toBytes(this.#key);
  }

  /** As text; see `valueBytes` for values that are not. */
  get value(): string {
    return toText(this.#value);
  }

  get valueBytes(): Uint8Array {
    return toBytes(this.#value);
  }

  /** The shape of the HTTP API. */
  toJSON(): ApiKeyValue {
    return {
      ...jsonField('key', this.#key),
      ...jsonField('value', this.#value),
      create_revision: this.createRevision,
      mod_revision: this.modRevision,
      version: this.version,
      ...(this.lease === null ? {} : { lease: this.lease }),
    };
  }
}

// For Node's console.log, which shows no getters: an item would seem to have neither key nor value.
Object.defineProperty(KeyValue.prototype, Symbol.for('nodejs.util.inspect.custom'), {
  value(this: KeyValue): object {
    const { key, value, createRevision, modRevision, version, lease } = this;
    return { key, value, createRevision, modRevision, version, lease };
  },
});
