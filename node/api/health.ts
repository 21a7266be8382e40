/** What supervisors and monitoring ask: alive, ready, metrics, version. None of them needs a quorum to answer. */
import type { ApiReadiness } from '../../client/types.ts';
import type { Exchange } from './exchange.ts';

const noParameters: ReadonlySet<string> = new Set();
const readyParameters: ReadonlySet<string> = new Set(['verbose']);

/** Only that the event loop turns: a liveness probe that wanted more would turn a short outage into a restart storm. */
export async function livez(exchange: Exchange): Promise<void> {
  exchange.send(200, ['Content-Type', 'text/plain; charset=utf-8'], 'ok\n');
}

export async function readyz(exchange: Exchange): Promise<void> {
  const isVerbose = exchange.query(readyParameters).flag('verbose', false);
  const { drain, member } = exchange.api;
  const { ready, checks } = drain.readiness(member.readiness());
  const answer: ApiReadiness = { ready, checks: isVerbose ? checks : checks.filter((check) => !check.ok) };
  exchange.json(ready ? 200 : 503, answer);
}

export async function metrics(exchange: Exchange): Promise<void> {
  exchange.query(noParameters);
  const { contentType, text } = await exchange.api.metrics.exposition();
  exchange.send(200, ['Content-Type', contentType], text);
}

export async function version(exchange: Exchange): Promise<void> {
  exchange.query(noParameters);
  exchange.json(200, exchange.api.version);
}
