/** Leases and what is attached to them, as a batch in the making leaves them. */
import type { EngineOperation, EngineReader } from './engine.ts';
import { invariant } from './errors.ts';
import { keyAfter } from './key-range.ts';
import { type Overlaid, overlay } from './overlay.ts';
import { attachmentKey, attachmentRange, keyOfAttachment, leaseKey } from './row-keys.ts';
import { encodeLease } from './row-values.ts';
import type { Lease, LeaseId } from './types.ts';

const PAGE_ROWS = 1000;
const EMPTY = Buffer.alloc(0);

type Attachment = { readonly key: Buffer; isAttached: boolean };

export class LeaseDraft {
  readonly #reader: EngineReader;
  readonly #base: ReadonlyMap<LeaseId, Lease>;
  readonly #changed = new Map<LeaseId, Lease | null>();
  readonly #attachments = new Map<LeaseId, Map<string, Attachment>>();
  count: number;

  constructor(reader: EngineReader, base: ReadonlyMap<LeaseId, Lease>) {
    this.#reader = reader;
    this.#base = base;
    this.count = base.size;
  }

  get(id: LeaseId): Lease | null {
    const changed = this.#changed.get(id);
    return changed === undefined ? (this.#base.get(id) ?? null) : changed;
  }

  set(lease: Lease): void {
    if (this.get(lease.id) === null) this.count += 1;
    this.#changed.set(lease.id, lease);
  }

  /** Its keys must have been deleted before. */
  remove(id: LeaseId): void {
    invariant(this.get(id) !== null, 'only a lease that is there can be removed');
    this.#changed.set(id, null);
    this.count -= 1;
  }

  attach(id: LeaseId, keyText: string, key: Buffer): void {
    this.#setAttachment(id, keyText, key, true);
  }

  detach(id: LeaseId, keyText: string, key: Buffer): void {
    this.#setAttachment(id, keyText, key, false);
  }

  /** The lease's keys in their order. */
  async keysOf(id: LeaseId): Promise<Buffer[]> {
    const changed: Overlaid<{ key: Buffer }>[] = [...(this.#attachments.get(id)?.values() ?? [])]
      .map(({ key, isAttached }) => ({ key, row: isAttached ? { key } : null }))
      .sort((a, b) => a.key.compare(b.key));
    const keys: Buffer[] = [];
    for await (const page of overlay(attachedPages(this.#reader, id), changed, false)) {
      for (const { key } of page) keys.push(key);
    }
    return keys;
  }

  addOperations(operations: EngineOperation[]): void {
    for (const [id, attachments] of this.#attachments) {
      for (const { key, isAttached } of attachments.values()) {
        const row = attachmentKey(id, key);
        operations.push(isAttached ? { kind: 'Put', key: row, value: EMPTY } : { kind: 'Delete', key: row });
      }
    }
    for (const [id, lease] of this.#changed) {
      if (lease === null) operations.push({ kind: 'Delete', key: leaseKey(id) });
      else operations.push({ kind: 'Put', key: leaseKey(id), value: encodeLease(lease) });
    }
  }

  /** Carries the changes into the table of leases, once they are written. */
  commitTo(table: Map<LeaseId, Lease>): void {
    for (const [id, lease] of this.#changed) {
      if (lease === null) table.delete(id);
      else table.set(id, lease);
    }
  }

  #setAttachment(id: LeaseId, keyText: string, key: Buffer, isAttached: boolean): void {
    let attachments = this.#attachments.get(id);
    if (attachments === undefined) {
      attachments = new Map();
      this.#attachments.set(id, attachments);
    }
    const attachment = attachments.get(keyText);
    if (attachment === undefined) attachments.set(keyText, { key, isAttached });
    else attachment.isAttached = isAttached;
  }
}

/** The keys attached to a lease as stored, in order. */
export async function* attachedPages(reader: EngineReader, id: LeaseId): AsyncGenerator<{ key: Buffer }[]> {
  const { from, to } = attachmentRange(id);
  let start: Uint8Array = from;
  for (;;) {
    const rows = await reader.scan({ from: start, to }, { limit: PAGE_ROWS, keysOnly: true });
    const last = rows.at(-1);
    if (last === undefined) return;
    yield rows.map(({ key }) => ({ key: keyOfAttachment(key) }));
    start = keyAfter(last.key);
  }
}
