/** A snapshot on its way in: verified chunk by chunk, written to an engine that nothing refers to yet. */
import { isDeepStrictEqual } from 'node:util';
import type { Engine, EngineReader } from '../store/engine.ts';
import type { Membership } from '../store/types.ts';
import { SnapshotDamaged } from './errors.ts';
import { afterChunk, CHAIN_BEGIN, type ChainPosition, type ChunkContent, decodeChunk } from './snapshot-format.ts';
import type { IncomingSnapshot, SnapshotHeader } from './types.ts';

/** What a state says of itself in its own rows. */
export type StateDescription = { readonly index: number; readonly term: number; readonly membership: Membership };

export type StagedState = {
  readonly engine: Engine;
  readonly stateFolder: string;
  /** Closes the engine and removes its folder. */
  drop(): Promise<void>;
};

export class StagedSnapshot implements IncomingSnapshot {
  readonly id: string;
  readonly header: SnapshotHeader;
  readonly staged: StagedState;
  readonly #describe: (reader: EngineReader) => Promise<StateDescription>;
  #at: ChainPosition = CHAIN_BEGIN;
  #phase: 'Receiving' | 'Complete' | 'Finished' | 'Gone' = 'Receiving';

  constructor(
    id: string,
    header: SnapshotHeader,
    staged: StagedState,
    describe: (reader: EngineReader) => Promise<StateDescription>,
  ) {
    this.id = id;
    this.header = header;
    this.staged = staged;
    this.#describe = describe;
  }

  get chunkCount(): number {
    return this.#at.number;
  }

  get phase(): 'Receiving' | 'Complete' | 'Finished' | 'Gone' {
    return this.#phase;
  }

  async write(chunk: Uint8Array): Promise<void> {
    if (this.#phase !== 'Receiving') throw new Error(`a chunk came for a snapshot that is ${this.#phase}`);
    await this.#orDiscard(async () => {
      const content = decodeChunk(chunk, this.#at);
      await this.#take(content);
      this.#at = afterChunk(Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength), this.#at);
      if (content.kind === 'Rows' && content.isLast) this.#phase = 'Complete';
    });
  }

  async finish(): Promise<void> {
    await this.#orDiscard(async () => {
      if (this.#phase !== 'Complete') throw new SnapshotDamaged(`the snapshot ends after chunk ${this.#at.number - 1}`);
      await this.staged.engine.flush();
      const { index, term, membership } = await this.#describe(this.staged.engine);
      const { header } = this;
      if (index !== header.index || term !== header.term || !isDeepStrictEqual(membership, header.membership)) {
        throw new SnapshotDamaged(
          `the snapshot holds the state at index ${index}, term ${term}, its header says ${header.index}, ${header.term}`,
        );
      }
      this.#phase = 'Finished';
    });
  }

  async discard(): Promise<void> {
    if (this.#phase === 'Gone') return;
    this.#phase = 'Gone';
    await this.staged.drop();
  }

  /** It is the current state now: no longer ours to drop. */
  installed(): void {
    this.#phase = 'Gone';
  }

  async #take(content: ChunkContent): Promise<void> {
    if (content.kind === 'Header') {
      if (!isDeepStrictEqual(content.header, this.header)) {
        throw new SnapshotDamaged('the header of the snapshot is not the one that was announced');
      }
    } else if (content.rows.length > 0) {
      await this.staged.engine.write(content.rows.map(({ key, value }) => ({ kind: 'Put', key, value })));
    }
  }

  /** What went wrong once goes wrong again: the next attempt begins anew. */
  async #orDiscard(act: () => Promise<void>): Promise<void> {
    try {
      await act();
    } catch (error) {
      await this.discard();
      throw error;
    }
  }
}
