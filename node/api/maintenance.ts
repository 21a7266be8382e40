/** `POST /v1/compact` forgets history; `GET /v1/snapshot` streams a consistent backup. */
import { once } from 'node:events';
import type { ApiCompactAnswer } from '../../client/types.ts';
import type { SnapshotSource } from '../storage/types.ts';
import { ClientGone, readJson } from './body.ts';
import { invalid } from './errors.ts';
import type { Exchange } from './exchange.ts';
import { objectOf } from './json-object.ts';
import { propose } from './propose.ts';
import { requestParameters } from './request-options.ts';

const compactParameters: ReadonlySet<string> = new Set(requestParameters);
const noParameters: ReadonlySet<string> = new Set();

export async function compact(exchange: Exchange): Promise<void> {
  const query = exchange.query(compactParameters);
  const { body, json } = await readJson(exchange);
  const fields = objectOf(json, 'the body');
  fields.allow('the body', ['revision']);
  const revision = fields.count('revision', 'the body');
  if (revision === null || revision === 0) throw invalid('the body.revision must be a whole number from 1');
  const result = await propose(exchange, { kind: 'Compact', revision }, query, body);
  if (result.kind !== 'Compact') throw new Error(`a compaction was answered with ${result.kind}`);
  const answer: ApiCompactAnswer = { revision: result.revision, compacted_revision: result.compactedRevision };
  exchange.json(200, answer);
}

export async function snapshot(exchange: Exchange): Promise<void> {
  exchange.query(noParameters);
  const { admission } = exchange.api;
  admission.enterSnapshot();
  try {
    const source = await exchange.member.openSnapshot();
    try {
      await sendSnapshot(exchange, source);
    } finally {
      await source.close();
    }
  } finally {
    admission.leaveSnapshot();
  }
}

async function sendSnapshot(exchange: Exchange, source: SnapshotSource): Promise<void> {
  const { request, response } = exchange;
  if (response.destroyed) throw new ClientGone();
  const { clusterId, revision } = source.header;
  exchange.beginStream(200, [
    'Content-Type',
    'application/octet-stream',
    'Content-Disposition',
    `attachment; filename="quorate-${clusterId}-${revision}.snapshot"`,
    'X-Content-Type-Options',
    'nosniff',
  ]);
  if (request.method === 'HEAD') return void response.end();
  const gone = new AbortController();
  response.once('close', () => gone.abort());
  for await (const chunk of source.chunks(0)) {
    if (response.destroyed) return;
    if (response.write(chunk)) continue;
    // The signal ends the wait when the client leaves, or the snapshot would stay open.
    await once(response, 'drain', { signal: gone.signal }).catch(() => undefined);
    if (response.destroyed) return;
  }
  response.end();
}
