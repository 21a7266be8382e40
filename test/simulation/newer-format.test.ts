/** A member that meets an entry of a later version stops, and leaves nobody waiting for it. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FORMAT } from '../../node/server/format.ts';
import { scenario } from './scenario.ts';

test('a member that parks for a newer format answers those who wait for it, and can be stopped', () =>
  scenario({ founders: 1, machines: 1 }, async (scene) => {
    const machine = scene.leader()!;
    const { member } = machine;
    const outcome = await scene.ask(machine, (asked) =>
      asked.propose({ kind: 'RaiseFormat', format: FORMAT + 1 }, { timeoutMs: 1000 }),
    );
    assert.deepEqual(outcome, { code: 'outcome_unknown' });
    await scene.until('parked', () => member!.phase.state === 'Parked');
    let isStopped = false;
    void member!.stop().then(() => {
      isStopped = true;
    });
    await scene.until('stopped', () => isStopped);
  }));
