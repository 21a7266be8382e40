/** A member whose store holds something else than the log has brought it. */
import assert from 'node:assert/strict';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { openRocksDbEngine } from '../../node/storage/rocksdb-engine.ts';
import { currentKey } from '../../node/store/row-keys.ts';
import { LocalCluster, type Member, until } from './local-cluster.ts';

type Alarm = { readonly memberID?: string; readonly alarm: string };

test('a value that was changed behind its member is found at the next compaction, and writes wait for a decision', async () => {
  const cluster = await LocalCluster.form(3);
  try {
    const client = cluster.client();
    for (let i = 0; i < 20; i++) await client.put(`key/${i}`, `value ${i}`);
    await cluster.settled();
    const leader = await cluster.leader();
    const victim = cluster.members.find((member) => member !== leader)!;
    const victimId = (await cluster.answerOf(victim)).member_id!;
    await cluster.kill(victim);
    await changeValue(victim, 'key/7');
    cluster.restart(victim);
    await cluster.settled();
    assert.deepEqual(await alarms(leader, {}), [], 'nobody has looked yet');

    const { revision } = await client.put('after', 'x');
    await client.compact(revision);
    const raised = [{ memberID: String(victimId), alarm: 'CORRUPT' }];
    await until('the alarm', async () => ((await alarms(leader, {})).length > 0 ? true : null));
    for (const member of cluster.members) {
      assert.deepEqual(await alarms(member, {}), raised);
      assert.deepEqual((await cluster.answerOf(member)).corrupt_members, [victimId]);
      const health = await fetch(`${member.url}/health`);
      assert.equal(health.status, 503);
      assert.match(((await health.json()) as { reason: string }).reason, /ALARM CORRUPT$/);
      const readyz = await fetch(`${member.url}/readyz`);
      assert.equal(readyz.status, member === victim ? 503 : 200, 'no Service leads to what may be wrong');
      assert.match(await (await fetch(`${member.url}/metrics`)).text(), /^quorate_corrupt_members 1$/m);
    }
    await assert.rejects(client.put('key/7', 'x'), { code: 'corrupt' });
    assert.equal((await cluster.client([leader]).get('key/7'))?.value, 'value 7');

    const disarmed = await alarms(victim, { action: 'DEACTIVATE', alarm: 'CORRUPT', memberID: victimId });
    assert.deepEqual(disarmed, raised);
    const written = await client.put('key/8', 'x');
    await client.compact(written.revision);
    await until('the alarm once more, as nothing was mended', async () =>
      (await alarms(leader, {})).length > 0 ? true : null,
    );
    await client.removeMember(victimId);
    assert.deepEqual(await alarms(leader, {}), [], 'it goes with the member');
    await client.put('key/7', 'x');
  } finally {
    await cluster.remove();
  }
});

async function alarms(member: Member, request: object): Promise<readonly Alarm[]> {
  const response = await fetch(`${member.url}/v3/maintenance/alarm`, { method: 'POST', body: JSON.stringify(request) });
  const answer = (await response.json()) as { alarms?: readonly Alarm[] };
  assert.equal(response.status, 200, JSON.stringify(answer));
  return answer.alarms ?? [];
}

/** In the row that reads are answered from. */
async function changeValue(member: Member, key: string): Promise<void> {
  const folder = (await readdir(member.folder)).find((name) => name.startsWith('state'));
  const engine = await openRocksDbEngine(join(member.folder, folder!));
  const row = await engine.get(currentKey(Buffer.from(key)));
  row![row!.length - 1]! ^= 1;
  await engine.write([{ kind: 'Put', key: currentKey(Buffer.from(key)), value: row! }]);
  await engine.flush();
  await engine.close();
}
