import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decidePlan, plannedMembers, recordOf } from './plan.ts';

test('three members on 2379, 2381, 2383 with peer ports one above, unless wished otherwise', () => {
  const members = plannedMembers(decidePlan({}, null, 'data'));
  assert.deepEqual(
    members.map(({ name, clientPort, peerPort, folder, endpoint }) => [name, clientPort, peerPort, folder, endpoint]),
    [
      ['m1', 2379, 2380, 'm1', 'http://127.0.0.1:2379'],
      ['m2', 2381, 2382, 'm2', 'http://127.0.0.1:2381'],
      ['m3', 2383, 2384, 'm3', 'http://127.0.0.1:2383'],
    ],
  );
  assert.deepEqual(decidePlan({ members: 5, port: 4001 }, null, 'data'), { memberCount: 5, firstPort: 4001 });
});

test('what a folder holds is what is run, and other wishes are refused', () => {
  const recorded = recordOf({ memberCount: 5, firstPort: 4001 });
  assert.deepEqual(decidePlan({}, recorded, 'data'), { memberCount: 5, firstPort: 4001 });
  assert.deepEqual(decidePlan({ members: 5 }, recorded, 'data'), { memberCount: 5, firstPort: 4001 });
  assert.throws(
    () => decidePlan({ members: 3 }, recorded, 'data'),
    /data holds a cluster of 5 on port 4001: leave out/,
  );
  assert.throws(() => decidePlan({ port: 4003 }, recorded, 'data'), /data holds a cluster of 5/);
});

test('a folder of another version, or with something else in it, is refused', () => {
  const newer = recordOf({ memberCount: 3, firstPort: 2379 }).replace('"format":1', '"format":2');
  assert.throws(
    () => decidePlan({}, newer, 'data'),
    /written by another version of Quorate \(format 2, this one knows 1\)/,
  );
  for (const other of ['', '{}', 'null', '{"format":1,"members":99,"port":1}']) {
    assert.throws(() => decidePlan({}, other, 'data'), /cluster\.json is not what quorate up writes/);
  }
});

test('more members or higher ports than there are is a mistake on the command line', () => {
  for (const [wishes, message] of [
    [{ members: 8 }, /--members: '8' must be from 1 to 7/],
    [{ port: 65_531 }, /--port: '65531' is too high, 3 members need ports up to 65536/],
  ] as const) {
    assert.throws(
      () => decidePlan(wishes, null, 'data'),
      (error: Error & { exitCode?: number }) => error.exitCode === 2 && message.test(error.message),
    );
  }
  assert.deepEqual(decidePlan({ port: 65_530 }, null, 'data').firstPort, 65_530);
});
