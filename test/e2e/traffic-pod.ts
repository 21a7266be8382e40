/**
 * Runs in a pod of the cluster, from the image of the members: writers that count up, readers that check, and one line
 * of JSON for each thing worth knowing. Ends on SIGTERM, or when standard input says so, after a last check.
 *
 *     node traffic-pod.ts CLIENT_MODULE ENDPOINT…
 */
import { setTimeout as sleep } from 'node:timers/promises';

type Client = {
  put(key: string, value: string, options?: object): Promise<unknown>;
  get(key: string, options?: object): Promise<{ readonly value: string; readonly version: number } | null>;
};

const WRITERS = 4;
/** Pauses, long enough that the load does not slow down what is watched, short enough that no gap is overlooked. */
const WRITE_PAUSE_MS = 15;
const READ_PAUSE_MS = 40;
/** Shorter ones are the ordinary pace of a small machine. */
const REPORTED_GAP_MS = 50;
/** This process was kept from running for so long: what it measures then is not the cluster's. */
const REPORTED_STALL_MS = 50;
const LOOK_EVERY_MS = 20;

const [clientModule, ...endpoints] = process.argv.slice(2);
const { createClient } = (await import(clientModule!)) as { createClient(options: object): Client };
const run = process.env['POD_UID'] ?? 'run';
let isRunning = true;
let acknowledgedWrites = 0;
let failedWrites = 0;
let reads = 0;
let failedReads = 0;
let lastAcknowledgedMs = 0;

process.on('SIGTERM', () => {
  isRunning = false;
});

say({ kind: 'Started' });
const reporter = setInterval(
  () => say({ kind: 'Progress', acknowledgedWrites, failedWrites, reads, failedReads }),
  1000,
);
let lookedMs = performance.now();
const looker = setInterval(() => {
  const nowMs = performance.now();
  const stallMs = Math.round(nowMs - lookedMs) - LOOK_EVERY_MS;
  if (stallMs >= REPORTED_STALL_MS) say({ kind: 'Stall', fromMs: Date.now() - stallMs, toMs: Date.now() });
  lookedMs = nowMs;
}, LOOK_EVERY_MS);
const outcomes = await Promise.all(Array.from({ length: WRITERS }, (_, writer) => work(writer)));
clearInterval(reporter);
clearInterval(looker);
for (const { writer, acknowledged, attempted, client } of outcomes)
  await verify(writer, acknowledged, attempted, client);
say({ kind: 'Ended', acknowledgedWrites, failedWrites, reads, failedReads });

type Outcome = {
  readonly writer: number;
  readonly acknowledged: number;
  readonly attempted: number;
  readonly client: Client;
};

/** A key of its own: what one writer has had acknowledged must be what it and its reader see, or more. */
async function work(writer: number): Promise<Outcome> {
  const client = createClient({
    endpoints,
    timeoutMs: 20_000,
    attemptTimeoutMs: 1000,
    onRetry: (error: Error) => say({ kind: 'Retry', writer, error: error.message }),
  });
  const key = `traffic/${run}/${writer}`;
  const state = { acknowledged: 0, attempted: 0 };
  const writing = (async () => {
    while (isRunning) {
      const next = ++state.attempted;
      try {
        await client.put(key, String(next));
        state.acknowledged = next;
        acknowledge();
      } catch (error) {
        failedWrites++;
        say({ kind: 'WriteFailed', writer, error: String(error) });
        await sleep(20);
      }
      await sleep(WRITE_PAUSE_MS);
    }
  })();
  const reading = (async () => {
    let last = 0;
    while (isRunning) {
      const before = state.acknowledged;
      try {
        const found = Number((await client.get(key))?.value ?? 0);
        reads++;
        if (found < before)
          say({ kind: 'Violation', what: `read ${found} of ${key} after ${before} was acknowledged` });
        if (found < last) say({ kind: 'Violation', what: `read ${found} of ${key} after ${last} had been read` });
        last = found;
      } catch {
        failedReads++;
        await sleep(20);
      }
      await sleep(READ_PAUSE_MS);
    }
  })();
  await Promise.all([writing, reading]);
  return { writer, ...state, client };
}

async function verify(writer: number, acknowledged: number, attempted: number, client: Client): Promise<void> {
  const key = `traffic/${run}/${writer}`;
  const item = await client.get(key, { timeoutMs: 60_000 });
  const found = Number(item?.value ?? 0);
  if (found < acknowledged)
    say({ kind: 'Violation', what: `${acknowledged} of ${key} was acknowledged, ${found} is there` });
  if (found > attempted) say({ kind: 'Violation', what: `${found} of ${key} is there and was never written` });
  // Each value was written once, whatever was retried: an idempotency key that is applied twice shows here.
  if ((item?.version ?? 0) > found)
    say({ kind: 'Violation', what: `${key} has version ${item?.version} at value ${found}` });
}

function acknowledge(): void {
  acknowledgedWrites++;
  const nowMs = Date.now();
  const gapMs = lastAcknowledgedMs === 0 ? 0 : nowMs - lastAcknowledgedMs;
  if (gapMs >= REPORTED_GAP_MS) say({ kind: 'Gap', fromMs: lastAcknowledgedMs, toMs: nowMs });
  lastAcknowledgedMs = nowMs;
}

function say(line: object): void {
  process.stdout.write(`${JSON.stringify({ atMs: Date.now(), ...line })}\n`);
}
