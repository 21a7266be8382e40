import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { FoundingRecord } from '../storage/types.ts';
import { FoundingUnderWay } from './founding-under-way.ts';
import type { FoundingSnapshot } from './types.ts';

const source = 'https://user:secret@backups.example/one.snapshot?signature=secret';
const given: FoundingRecord = { clusterId: 'c', founders: [], snapshotPath: source };
const taken = { ...given, snapshotPath: 'https://backups.example/one.snapshot', snapshotSha256: 'abc' };

function start() {
  const fetched: { readonly signal: AbortSignal; readonly fetching: PromiseWithResolvers<FoundingSnapshot> }[] = [];
  const did: string[] = [];
  const founding = new FoundingUnderWay({
    fetch: (_source, signal) => {
      const fetching = Promise.withResolvers<FoundingSnapshot>();
      fetched.push({ signal, fetching });
      return fetching.promise;
    },
    found: async (record, file) => {
      did.push(`founds with ${file}`);
      return record;
    },
    show: (message) => void did.push(message),
  });
  const bring = (nth: number, sha256 = 'abc'): void =>
    fetched[nth]!.fetching.resolve({ path: '/file', sha256, release: async () => void did.push('released') });
  return { founding, fetched, did, bring };
}

const reads = 'reads the snapshot to begin with, https://backups.example/one.snapshot';

test('the record is taken with the checksum of what was brought, and without secrets', async () => {
  const { founding, did, bring } = start();
  const outcome = founding.take(given, source);
  bring(0);
  assert.deepEqual(await outcome, taken);
  assert.deepEqual(did, [reads, 'founds with /file', 'released']);
});

test('whoever asks again meanwhile waits for the same outcome, but not with another record', async () => {
  const { founding, fetched, bring } = start();
  const first = founding.take(given, source);
  const second = founding.take({ ...given }, source);
  await assert.rejects(founding.take({ ...given, clusterId: 'd' }, source), { code: 'grant_conflict' });
  bring(0);
  assert.deepEqual(await Promise.all([first, second]), [taken, taken]);
  assert.equal(fetched.length, 1);
});

test('another snapshot than the one that was named is refused, given up again, and may be tried anew', async () => {
  const { founding, did, bring } = start();
  const named = { ...given, snapshotSha256: 'abc' };
  const refused = founding.take(named, source);
  bring(0, 'def');
  await assert.rejects(refused, { code: 'invalid_request', message: /has SHA-256 def, not abc/ });
  assert.equal(did[1], 'released');
  assert.match(did[2]!, /^empty: could not begin with a snapshot: /);
  const again = founding.take(named, source);
  bring(1);
  assert.deepEqual(await again, taken);
});

test('a stop breaks off what is being brought', () => {
  const { founding, fetched } = start();
  void founding.take(given, source);
  assert.equal(fetched[0]!.signal.aborted, false);
  founding.stop();
  assert.equal(fetched[0]!.signal.aborted, true);
});
