import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createClient } from './client.ts';
import { CompactedError } from './errors.ts';
import { type Answering, deadEndpoint, eventStream, FakeMember, failure } from './testing/fake-member.ts';
import type { Watch } from './watch.ts';

const change = (revision: number) =>
  [
    'events',
    {
      revision,
      events: [
        {
          type: 'put',
          item: { key: 'k', value: `v${revision}`, create_revision: 2, mod_revision: revision, version: 1 },
        },
      ],
    },
  ] as const;
const progress = (revision: number) => ['progress', { revision }] as const;

async function take(watch: Watch, count: number): Promise<number[]> {
  const revisions: number[] = [];
  for await (const batch of watch) {
    revisions.push(batch.revision);
    if (revisions.length === count) break;
  }
  return revisions;
}

test('a watch that broke goes on behind the last revision delivered, at the next member, without repeats', async () => {
  await using first = await FakeMember.start(eventStream([progress(4), change(5), change(6)], 'end'));
  // This one repeats revision 6 and one from before: neither may be delivered again.
  await using second = await FakeMember.start(
    eventStream([progress(6), change(6), change(3), change(7), change(9)], 'open'),
  );
  let connections = 0;
  const either: Answering = (response, asked) => {
    if (connections++ === 0) eventStream([progress(4), change(5), change(6)], 'end')(response, asked);
    else failure(503, 'stopping')(response, asked);
  };
  first.answer(either);
  const watch = createClient({ endpoints: [first.url, second.url] }).watch({ key: 'k', startRevision: 5 });
  assert.deepEqual(await take(watch, 4), [5, 6, 7, 9]);
  assert.equal(first.asked[0]!.query.get('start_revision'), '5');
  assert.equal(second.asked[0]!.query.get('start_revision'), '7');
});

test('a watch from now keeps its beginning when the first stream breaks before any event', async () => {
  let connections = 0;
  await using member = await FakeMember.start((response, asked) => {
    const events = connections++ === 0 ? ([progress(41)] as const) : ([progress(41), change(42)] as const);
    eventStream(events, connections === 1 ? 'end' : 'open')(response, asked);
  });
  const watch = createClient({ endpoints: [member.url] }).watch({ prefix: '' });
  assert.equal(await watch.start(), 42);
  assert.deepEqual(await take(watch, 1), [42]);
  assert.deepEqual(
    member.asked.map(({ query }) => query.get('start_revision')),
    [null, '42'],
  );
});

test('marks of progress move the point to go on from', async () => {
  let connections = 0;
  await using member = await FakeMember.start((response, asked) => {
    if (connections++ === 0) eventStream([progress(4), change(5), progress(90)], 'end')(response, asked);
    else eventStream([progress(90), change(91)], 'open')(response, asked);
  });
  const watch = createClient({ endpoints: [member.url] }).watch({ key: 'k', progress: true });
  assert.deepEqual(await take(watch, 3), [5, 90, 91]);
  assert.equal(member.asked[1]!.query.get('start_revision'), '91');
});

test('history that is gone ends the watch with the revision from which there is some', async () => {
  const gone = { error: { code: 'compacted', message: 'gone', compacted_revision: 50 } };
  const inStream = eventStream([progress(3), change(4), ['failure', gone]], 'end');
  const atOpen: Answering = (response) => response.writeHead(410).end(JSON.stringify(gone));
  for (const answering of [inStream, atOpen]) {
    await using member = await FakeMember.start(answering);
    const watch = createClient({ endpoints: [member.url] }).watch({ key: 'k', startRevision: 4 });
    await assert.rejects(take(watch, 5), (error) => error instanceof CompactedError && error.compactedRevision === 50);
  }
});

test('an abort ends the iteration without an error', async () => {
  await using member = await FakeMember.start(eventStream([progress(1), change(2)], 'open'));
  const controller = new AbortController();
  const seen: number[] = [];
  for await (const batch of createClient({ endpoints: [member.url] }).watch({
    key: 'k',
    startRevision: 2,
    signal: controller.signal,
  })) {
    seen.push(batch.revision);
    setImmediate(() => controller.abort());
  }
  assert.deepEqual(seen, [2]);
});

test('events cut anywhere on the wire are put together again', async () => {
  const text = `event: progress\r\ndata: {"revision":1}\r\n\r\n: still here\n\nevent: events\nid: 2\ndata: ${JSON.stringify(change(2)[1]).replace('v2', 'ü€😀')}\n\n`;
  const bytes = Buffer.from(text);
  await using member = await FakeMember.start((response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    response.socket!.setNoDelay(true);
    let at = 0;
    const next = () => {
      at += 2;
      if (at <= bytes.length + 1) response.write(bytes.subarray(at - 2, at), () => setImmediate(next));
    };
    next();
  });
  for await (const { events } of createClient({ endpoints: [member.url] }).watch({ key: 'k', startRevision: 2 })) {
    assert.equal(events[0]!.item.value, 'ü€😀');
    break;
  }
});

test('the first connection obeys the timeout', async () => {
  const client = createClient({ endpoints: [await deadEndpoint()], timeoutMs: 100 });
  await assert.rejects(client.watch({ key: 'k' }).start(), /no member answered/);
});
