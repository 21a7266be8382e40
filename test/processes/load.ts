/**
 * Writers and readers that run while a test breaks things, and what they must find: nothing acknowledged is lost, and no
 * linearizable read goes back.
 */
import assert from 'node:assert/strict';
import { type Client, QuorateError } from '../../client/index.ts';

const WRITERS = 6;

export class Load {
  readonly #client: Client;
  readonly #acknowledged: number[] = Array.from({ length: WRITERS }, () => 0);
  readonly #attempted: number[] = Array.from({ length: WRITERS }, () => 0);
  readonly #running: Promise<void>[] = [];
  #isRunning = true;
  #reads = 0;

  /** @param client of all members; its writes carry idempotency keys and are retried on the next member */
  constructor(client: Client) {
    this.#client = client;
    for (let writer = 0; writer < WRITERS; writer++) this.#running.push(this.#write(writer), this.#read(writer));
  }

  /** Of all writers together. */
  get acknowledged(): number {
    return this.#acknowledged.reduce((sum, count) => sum + count, 0);
  }

  /** Ends the load and checks what is there. */
  async verify(): Promise<void> {
    this.#isRunning = false;
    await Promise.all(this.#running);
    assert.ok(this.acknowledged > 0, 'no write was acknowledged');
    assert.ok(this.#reads > 0, 'no read was answered');
    for (let writer = 0; writer < WRITERS; writer++) {
      const acknowledged = this.#acknowledged[writer]!;
      const item = await this.#client.get(keyOf(writer));
      const found = Number(item?.value ?? 0);
      assert.ok(found >= acknowledged, `writer ${writer}: ${acknowledged} was acknowledged, ${found} is there`);
      assert.ok(found <= this.#attempted[writer]!, `writer ${writer}: ${found} is there and was never written`);
      // Each value was written once, whatever was retried: an idempotency key that is applied twice shows here.
      assert.ok((item?.version ?? 0) <= found, `writer ${writer}: value ${found} after ${item?.version} writes`);
    }
  }

  async #write(writer: number): Promise<void> {
    while (this.#isRunning) {
      const next = ++this.#attempted[writer]!;
      try {
        await this.#client.put(keyOf(writer), String(next));
        this.#acknowledged[writer] = next;
      } catch (error) {
        if (!(error instanceof QuorateError)) throw error;
      }
    }
  }

  async #read(writer: number): Promise<void> {
    let last = 0;
    while (this.#isRunning) {
      const acknowledgedBefore = this.#acknowledged[writer]!;
      try {
        const found = Number((await this.#client.get(keyOf(writer)))?.value ?? 0);
        this.#reads++;
        assert.ok(found >= acknowledgedBefore, `read ${found} after ${acknowledgedBefore} had been acknowledged`);
        assert.ok(found >= last, `read ${found} after ${last} had been read`);
        last = found;
      } catch (error) {
        if (!(error instanceof QuorateError)) throw error;
      }
    }
  }
}

function keyOf(writer: number): string {
  return `load/${writer}`;
}
