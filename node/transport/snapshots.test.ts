import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import fc from 'fast-check';
import { SnapshotRejected } from './snapshot-sender.ts';
import { call, linkAll, startMember, type TestMember, type TestMemberSettings, until } from './testing/members.ts';
import { startProxy } from './testing/proxy.ts';
import type { SnapshotOffer, SnapshotReceiver } from './types.ts';

const CHUNK_BYTES = 20_000;

const OFFER: SnapshotOffer = {
  id: 'snapshot-1',
  term: 3,
  header: {
    format: 1,
    clusterId: '00000000000000c1',
    index: 100,
    term: 2,
    membership: {
      configIndex: 1,
      lastMemberId: 2,
      members: [{ id: 1, name: 'one', peerAddress: '127.0.0.1:1', incarnation: 'incarnation-1' }],
      voters: [1],
      leaving: null,
    },
    revision: 7,
  },
};

test('a snapshot arrives whole, is installed, and the sender hears so', async (t) => {
  const inbox = new Inbox();
  const { one } = await pair(t, { snapshotOffered: inbox.offered });
  const source = new Source(40);
  await one.network.sendSnapshot(2, OFFER, source.chunks);
  assert.deepEqual(inbox.offers, [{ from: 1, offer: OFFER }]);
  assert.equal(inbox.isInstalled, true);
  assert.ok(source.content.equals(Buffer.concat(inbox.chunks)));
  assert.deepEqual(inbox.aborts, []);
});

test('a transfer that is cut at any byte goes on with the first chunk that is missing', async (t) => {
  const inbox = new Inbox();
  const { one, two } = await pair(t, { snapshotOffered: inbox.offered });
  const proxy = await startProxy(t, two.network.address());
  one.network.setPeers([{ ...two.peer(), address: proxy.address }], 2);
  await until(() => one.isConnectedTo(2));
  const cuts = fc.array(fc.integer({ min: 1, max: 15 * CHUNK_BYTES }), { minLength: 1, maxLength: 3 });
  await fc.assert(
    fc.asyncProperty(cuts, async (afterBytes) => {
      inbox.clear();
      const source = new Source(20, () => {
        const next = afterBytes.pop();
        if (next !== undefined) proxy.cutAfterBytes = next;
      });
      await one.network.sendSnapshot(2, OFFER, source.chunks);
      proxy.cutAfterBytes = Number.POSITIVE_INFINITY;
      assert.equal(inbox.isInstalled, true);
      assert.ok(source.content.equals(Buffer.concat(inbox.chunks)));
      assert.ok(source.startedFrom.length >= 1);
      assert.equal(inbox.aborts.length + inbox.completeCount, inbox.offers.length);
    }),
    { numRuns: 12 },
  );
});

test('a receiver that does not want it declines, and nothing is tried again', async (t) => {
  const { one } = await pair(t, { snapshotOffered: () => Promise.resolve(null) });
  const source = new Source(2);
  await assert.rejects(one.network.sendSnapshot(2, OFFER, source.chunks), SnapshotRejected);
  assert.deepEqual(source.startedFrom, []);
});

test('a receiver that cannot write tells the sender why and is told that the transfer has ended', async (t) => {
  const inbox = new Inbox();
  inbox.failAt = 5;
  const { one } = await pair(t, { snapshotOffered: inbox.offered });
  await assert.rejects(
    one.network.sendSnapshot(2, OFFER, new Source(30).chunks),
    /could not take the snapshot: the disk is full/,
  );
  await until(() => inbox.aborts.length === 1);
  assert.equal(inbox.isInstalled, false);
});

test('a receiver that cannot install tells the sender why', async (t) => {
  const inbox = new Inbox();
  inbox.completeError = new Error('the content is damaged');
  const { one } = await pair(t, { snapshotOffered: inbox.offered });
  await assert.rejects(
    one.network.sendSnapshot(2, OFFER, new Source(3).chunks),
    /could not take the snapshot: the content is damaged/,
  );
  assert.deepEqual(inbox.aborts, []);
});

test('a source that fails ends the transfer with its own error', async (t) => {
  const inbox = new Inbox();
  const { one } = await pair(t, { snapshotOffered: inbox.offered });
  async function* broken(): AsyncIterable<Uint8Array> {
    yield Buffer.alloc(CHUNK_BYTES);
    await Promise.resolve();
    throw new Error('cannot read the store');
  }
  await assert.rejects(one.network.sendSnapshot(2, OFFER, broken), /cannot read the store/);
  await until(() => inbox.aborts.length === 1);
});

test('a chunk over the frame limit is an error of the sender', async (t) => {
  const inbox = new Inbox();
  const { one } = await pair(t, { snapshotOffered: inbox.offered }, { maxFrameBytes: CHUNK_BYTES });
  await assert.rejects(
    one.network.sendSnapshot(2, OFFER, new Source(1).chunks),
    /a chunk of 20000 bytes is over the limit of 20000 bytes/,
  );
});

test('one transfer a peer at a time', async (t) => {
  const inbox = new Inbox();
  const { one } = await pair(t, { snapshotOffered: inbox.offered });
  const first = one.network.sendSnapshot(2, OFFER, new Source(10).chunks);
  await assert.rejects(
    one.network.sendSnapshot(2, OFFER, new Source(10).chunks),
    /a snapshot is on its way to member 2 already/,
  );
  await first;
  await one.network.sendSnapshot(2, OFFER, new Source(10).chunks);
});

test('the sender does not run ahead of a slow receiver', async (t) => {
  const inbox = new Inbox();
  let release = (): void => {};
  inbox.beforeWrite = () => new Promise((resolve) => (release = resolve));
  const { one } = await pair(t, { snapshotOffered: inbox.offered });
  const source = new Source(30);
  let isDone = false;
  const sending = one.network.sendSnapshot(2, OFFER, source.chunks).then(() => (isDone = true));
  while (!isDone) {
    // Four on their way and one in the sender's hand.
    assert.ok(source.pulled <= inbox.chunks.length + 5, `${source.pulled} sent, ${inbox.chunks.length} written`);
    release();
    await new Promise((resolve) => setImmediate(resolve));
  }
  await sending;
});

test('a member that is removed gets no more of its snapshot', async (t) => {
  const inbox = new Inbox();
  inbox.beforeWrite = () => new Promise((resolve) => setTimeout(resolve, 5));
  const { one } = await pair(t, { snapshotOffered: inbox.offered });
  const sending = one.network.sendSnapshot(2, OFFER, new Source(1000).chunks);
  const rejected = assert.rejects(sending, /the snapshot to member 2 was stopped: member 2 was removed/);
  await until(() => inbox.chunks.length > 3);
  one.network.setPeers([], 2);
  await rejected;
  await until(() => inbox.aborts.length === 1);
});

test('a sender that stops aborts the transfer on both sides', async (t) => {
  const inbox = new Inbox();
  inbox.beforeWrite = () => new Promise((resolve) => setTimeout(resolve, 5));
  const { one } = await pair(t, { snapshotOffered: inbox.offered });
  const rejected = assert.rejects(one.network.sendSnapshot(2, OFFER, new Source(1000).chunks), /this member stops/);
  await until(() => inbox.chunks.length > 3);
  await one.network.close();
  await rejected;
  await until(() => inbox.aborts.length === 1);
});

test('a receiver that stops for good makes the sender give up', async (t) => {
  const inbox = new Inbox();
  inbox.beforeWrite = () => new Promise((resolve) => setTimeout(resolve, 5));
  const { one, two } = await pair(t, { snapshotOffered: inbox.offered });
  const rejected = assert.rejects(one.network.sendSnapshot(2, OFFER, new Source(1000).chunks), /ECONNREFUSED/);
  await until(() => inbox.chunks.length > 3);
  await two.network.close();
  assert.equal(inbox.aborts.length, 1);
  await rejected;
});

test('a new offer waits until the transfer before it has ended here', async (t) => {
  const inbox = new Inbox();
  const { one, two } = await pair(t, { snapshotOffered: inbox.offered });
  const proxy = await startProxy(t, two.network.address());
  one.network.setPeers([{ ...two.peer(), address: proxy.address }], 2);
  await until(() => one.isConnectedTo(2));
  let release = (): void => {};
  inbox.beforeWrite = () => new Promise((resolve) => (release = resolve));
  const sending = one.network.sendSnapshot(2, OFFER, new Source(4).chunks);
  await until(() => inbox.isWriting);
  const connectionsBefore = proxy.connectionCount;
  proxy.cut();
  await until(() => proxy.connectionCount >= connectionsBefore + 2);
  assert.equal(inbox.offers.length, 1);
  inbox.beforeWrite = () => Promise.resolve();
  release();
  await sending;
  assert.equal(inbox.offers.length, 2);
  assert.equal(inbox.isInstalled, true);
});

test('the rate holds, and frames of the main stream do not wait behind the snapshot', async (t) => {
  const inbox = new Inbox();
  const chunkCount = 100;
  const rate = 4 * 1024 * 1024;
  const { one, two } = await pair(t, { snapshotOffered: inbox.offered }, { snapshotRateBytesPerSecond: rate });
  const startedAtMs = performance.now();
  let isDone = false;
  const sending = one.network.sendSnapshot(2, OFFER, new Source(chunkCount).chunks).finally(() => (isDone = true));
  const latenciesMs: number[] = [];
  for (let id = 0; !isDone; id++) {
    const sentAtMs = performance.now();
    one.network.send(2, call(id));
    await until(() => two.frames.length === id + 1);
    latenciesMs.push(performance.now() - sentAtMs);
  }
  await sending;
  const tookSeconds = (performance.now() - startedAtMs) / 1000;
  const leastSeconds = (chunkCount * CHUNK_BYTES) / rate - 0.1;
  assert.ok(tookSeconds >= leastSeconds * 0.95, `${tookSeconds} s, at least ${leastSeconds} s are due`);
  // Had they waited, few would have come before the end.
  latenciesMs.sort((a, b) => a - b);
  const medianMs = latenciesMs[latenciesMs.length >> 1]!;
  assert.ok(
    medianMs < (tookSeconds * 1000) / 5,
    `median ${medianMs} ms of ${latenciesMs.length}, ${tookSeconds} s in all`,
  );
});

async function pair(
  t: TestContext,
  settingsOfTwo: TestMemberSettings,
  options: TestMemberSettings['options'] = {},
): Promise<{ one: TestMember; two: TestMember }> {
  const [one, two] = [await startMember(t, 1, { options }), await startMember(t, 2, settingsOfTwo)];
  await linkAll([one, two]);
  return { one, two };
}

/** A snapshot of numbered chunks. */
class Source {
  readonly content: Buffer;
  readonly startedFrom: number[] = [];
  pulled = 0;
  readonly #count: number;
  readonly #onStart: () => void;

  constructor(count: number, onStart: () => void = () => {}) {
    this.#count = count;
    this.#onStart = onStart;
    this.content = Buffer.concat(
      Array.from({ length: count }, (_, number) => Buffer.alloc(CHUNK_BYTES, `chunk ${number} `)),
    );
  }

  readonly chunks = (from: number): AsyncIterable<Uint8Array> => this.#from(from);

  async *#from(from: number): AsyncIterable<Uint8Array> {
    this.startedFrom.push(from);
    this.#onStart();
    for (let number = from; number < this.#count; number++) {
      this.pulled += 1;
      yield this.content.subarray(number * CHUNK_BYTES, (number + 1) * CHUNK_BYTES);
      await Promise.resolve();
    }
  }
}

/** Takes every offer and goes on where it was. */
class Inbox {
  readonly offers: { readonly from: number; readonly offer: SnapshotOffer }[] = [];
  readonly chunks: Uint8Array[] = [];
  readonly aborts: Error[] = [];
  completeCount = 0;
  isInstalled = false;
  isWriting = false;
  failAt: number | null = null;
  completeError: Error | null = null;
  beforeWrite: () => Promise<void> = () => Promise.resolve();

  clear(): void {
    this.offers.length = 0;
    this.chunks.length = 0;
    this.aborts.length = 0;
    this.completeCount = 0;
    this.isInstalled = false;
  }

  readonly offered = (from: number, offer: SnapshotOffer): Promise<SnapshotReceiver> => {
    this.offers.push({ from, offer });
    return Promise.resolve({
      firstChunk: this.chunks.length,
      chunk: async (bytes) => {
        assert.equal(this.isWriting, false, 'one chunk at a time');
        this.isWriting = true;
        await this.beforeWrite();
        this.isWriting = false;
        if (this.chunks.length === this.failAt) throw new Error('the disk is full');
        this.chunks.push(Buffer.from(bytes));
      },
      complete: async () => {
        this.completeCount += 1;
        await Promise.resolve();
        if (this.completeError !== null) throw this.completeError;
        this.isInstalled = true;
      },
      aborted: (error) => void this.aborts.push(error),
    });
  };
}
