import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Call, CallReply } from '../transport/types.ts';
import { Calls } from './calls.ts';
import { RequestError } from './types.ts';

const PEER = 2;

async function answerOf(method: string, body: unknown): Promise<unknown> {
  const sent: (Call | CallReply)[] = [];
  const calls = new Calls((_to, frame) => void sent.push(frame), {
    double: async (given) => 2 * (given as number),
    refuse: async () => {
      throw new RequestError('lease_not_found', 'gone');
    },
    keepAlive: (given) => Promise.resolve(BigInt(given as string).toString()),
  });
  calls.received(PEER, { kind: 'Call', id: 7, method, body });
  await new Promise(setImmediate);
  const [reply] = sent as [CallReply];
  assert.equal(reply.id, 7);
  return reply.body;
}

test('every question has an answer, whatever becomes of it', async () => {
  assert.deepEqual(await answerOf('double', 21), { ok: 42 });
  assert.deepEqual(await answerOf('refuse', null), { error: { code: 'lease_not_found', message: 'gone' } });
  const unknown = (await answerOf('triple', 1)) as { error: { code: string } };
  assert.equal(unknown.error.code, 'invalid_request');
});

test('a question that the other version words differently costs an answer, and not the member', async () => {
  const answer = (await answerOf('keepAlive', 'no number')) as { error: { code: string } };
  assert.equal(answer.error.code, 'internal');
});
