/** Waits for a condition, which it checks on every turn of the event loop. */
import assert from 'node:assert/strict';
import { setImmediate } from 'node:timers/promises';

const patienceMs = 10_000;

export async function until(condition: () => boolean, what: string): Promise<void> {
  const began = performance.now();
  while (!condition()) {
    assert.ok(performance.now() - began < patienceMs, `still not true after ${patienceMs / 1000} s: ${what}`);
    await setImmediate();
  }
}
