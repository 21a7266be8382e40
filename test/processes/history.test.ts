/** Whatever members answer between kills (-9), of the present and of the past, is of one history: the one that watches tell. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Client, type KeyValue, QuorateError, type RangePage } from '../../client/index.ts';
import { LocalCluster, until } from './local-cluster.ts';

const KEYS = Array.from({ length: 12 }, (_, n) => `key/${n % 3}/${n}`);
const PREFIXES = ['', 'key/', 'key/1/', 'none/'];
const WRITES_BETWEEN = 60;

/** A page as it was answered; `at` is the revision that was asked for. */
type Read = { readonly prefix: string; readonly limit: number; readonly at: number; readonly page: RangePage };
type State = ReadonlyMap<string, KeyValue>;

class Traffic {
  readonly acknowledged: { readonly revision: number; readonly value: string }[] = [];
  readonly reads: Read[] = [];
  readonly #clients: readonly Client[];
  readonly #running: Promise<void>[] = [];
  #isRunning = true;

  /** @param clients each of one member */
  constructor(clients: readonly Client[]) {
    this.#clients = clients;
    for (let n = 0; n < 3; n += 1) this.#running.push(this.#keepOn((turn) => this.#write(n, turn)));
    for (let n = 0; n < 2; n += 1) this.#running.push(this.#keepOn((turn) => this.#read(n + turn)));
  }

  get newest(): number {
    return this.acknowledged.reduce((newest, { revision }) => Math.max(newest, revision), 1);
  }

  /** The first pages of every prefix, of the present and then of some of the past, of each member. */
  async readAll(): Promise<void> {
    for (let n = 0; n < PREFIXES.length * this.#clients.length * 3; n += 1) await this.#read(n);
  }

  async stop(): Promise<void> {
    this.#isRunning = false;
    await Promise.all(this.#running);
  }

  async #keepOn(act: (turn: number) => Promise<void>): Promise<void> {
    let turn = 0;
    while (this.#isRunning) {
      try {
        await act(turn++);
      } catch (error) {
        if (!(error instanceof QuorateError)) throw error;
      }
    }
  }

  async #write(writer: number, turn: number): Promise<void> {
    const client = this.#clients[turn % this.#clients.length]!;
    const key = KEYS[(turn * 7 + writer) % KEYS.length]!;
    if (turn % 5 === 0) return void (await client.delete(key));
    const value = `${writer}/${turn}`.padEnd(turn % 7 === 0 ? 2000 : 0);
    const { revision } = await client.put(key, value);
    this.acknowledged.push({ revision, value });
  }

  async #read(turn: number): Promise<void> {
    const client = this.#clients[turn % this.#clients.length]!;
    const prefix = PREFIXES[Math.floor(turn / this.#clients.length) % PREFIXES.length]!;
    const limit = 2 + (turn % 3);
    const past = 1 + ((turn * 31) % this.newest);
    for (const at of [0, past]) {
      const options = { prefix, limit, ...(at === 0 ? {} : { revision: at }) };
      for await (const page of client.pages(options)) {
        // Further pages are of the revision of the first, and count what is left: told by the items alone.
        this.reads.push({ prefix, limit, at, page });
        break;
      }
    }
  }
}

async function statesOf(client: Client, newest: number): Promise<Map<number, State>> {
  const states = new Map<number, State>([[1, new Map()]]);
  const now = new Map<string, KeyValue>();
  for await (const { revision, events } of client.watch({ prefix: '', startRevision: 2 })) {
    for (const { type, item } of events) {
      if (type === 'delete') assert.ok(now.delete(item.key), `${item.key} is deleted at ${revision} and was not there`);
      else {
        assert.equal(item.version, (now.get(item.key)?.version ?? 0) + 1);
        now.set(item.key, item);
      }
    }
    assert.ok(states.has(revision - 1), `revision ${revision} without the one before`);
    states.set(revision, new Map(now));
    if (revision >= newest) return states;
  }
  throw new Error('the watch has ended');
}

function textOf(items: readonly KeyValue[]): string[] {
  return items.map(({ key, value, modRevision, version }) => `${key}=${value}@${modRevision}.${version}`);
}

test('what members answer between kills, of the present and the past, is of one history', async () => {
  const cluster = await LocalCluster.form(3);
  try {
    const traffic = new Traffic(cluster.members.map((member) => cluster.client([member])));
    for (const who of ['all', 'leader', 'all'] as const) {
      const before = traffic.acknowledged.length;
      await until('more writes', async () => (traffic.acknowledged.length >= before + WRITES_BETWEEN ? true : null));
      const killed = who === 'all' ? cluster.members : [await cluster.leader()];
      await Promise.all(killed.map((member) => cluster.kill(member)));
      for (const member of killed) cluster.restart(member);
      await cluster.settled();
      await traffic.readAll();
    }
    await traffic.stop();
    const { newest } = traffic;
    for (const member of cluster.members) {
      const states = await statesOf(cluster.client([member]), newest);
      for (const { revision, value } of traffic.acknowledged) {
        const written = [...states.get(revision)!.values()].find(({ modRevision }) => modRevision === revision);
        assert.equal(written?.value, value, `what was acknowledged at ${revision}`);
      }
      for (const { prefix, limit, at, page } of traffic.reads) {
        const state = states.get(at === 0 ? page.revision : at);
        if (state === undefined) continue;
        const all = [...state.values()]
          .filter(({ key }) => key.startsWith(prefix))
          .sort((a, b) => (a.key < b.key ? -1 : 1));
        const what = `prefix '${prefix}' at ${at}, told at ${page.revision}`;
        assert.deepEqual(textOf(page.items), textOf(all.slice(0, limit)), what);
        assert.deepEqual([page.count, page.more], [all.length, all.length > limit], what);
      }
    }
    assert.ok(traffic.reads.length > 100);
  } finally {
    await cluster.remove();
  }
});
