/** A member whose clients do not read what they have asked for. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Command, Put } from '../../node/store/types.ts';
import { scenario } from './scenario.ts';

test('while as many answers wait as may, what may answer much is refused, and other writes go on', () =>
  scenario({ founders: 1, machines: 1 }, async (scene) => {
    const machine = scene.leader()!;
    const propose = (command: Command): Promise<object> =>
      scene.ask(machine, (member) => member.propose(command, { timeoutMs: 1000 }));
    const key = Buffer.from('k');
    const flags = { lease: 0n, ignoreValue: false, ignoreLease: false, returnPrevious: false };
    const put: Put = { kind: 'Put', key, value: key, ...flags };
    const deleted: Command = { kind: 'DeleteRange', key, rangeEnd: null, returnPrevious: false };
    const txn: Command = {
      kind: 'Txn',
      compares: [],
      success: [{ ...put, value: Buffer.from('by the transaction') }],
      failure: [],
    };
    const held = machine.member!.answers.hold(1 << 30, () => {}, { isWhole: false });
    for (const command of [txn, { ...deleted, returnPrevious: true }])
      assert.deepEqual(await propose(command), { code: 'overloaded' });
    for (const command of [put, deleted]) assert.ok('answer' in (await propose(command)));
    held.end();
    assert.ok('answer' in (await propose(txn)));
  }));
