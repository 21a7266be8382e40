import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ApiRole, ApiStatus } from '../../client/types.ts';
import { LineDisplay, LiveDisplay, type LocalMember } from './display.ts';
import { plannedMembers } from './plan.ts';

const plans = plannedMembers({ memberCount: 2, firstPort: 2379 });

function members(...roles: (ApiRole | null)[]): LocalMember[] {
  return roles.map((role, index) => {
    const plan = plans[index]!;
    if (role === null) return { plan, view: null };
    const status = { name: plan.name, state: 'Member', role, term: 2, commit: 7 } as ApiStatus;
    return { plan, view: { endpoint: plan.endpoint, status, trouble: null } };
  });
}

test('in a pipe the table comes once there is a leader, then a line for each change', () => {
  let output = '';
  const display = new LineDisplay((text) => {
    output += text;
  });
  display.members(members('Follower', null));
  assert.equal(output, '');
  display.members(members('Leader', 'Follower'));
  assert.match(output, /^MEMBER +ENDPOINT +ROLE +TERM +COMMIT\nm1 .* Leader +2 +7\nm2 .* Follower +2 +7\n$/);
  output = '';
  display.members(members('Leader', 'Follower'));
  assert.equal(output, '');
  display.members(members('Leader', null));
  display.members(members('Leader', 'Follower'));
  assert.equal(output, 'm2 does not answer\nm2 is Follower in term 2\n');
});

test('lines of the table are cut to the width of the terminal, for a wrapped one could not be drawn over', () => {
  let output = '';
  const display = new LiveDisplay(
    (text) => {
      output += text;
    },
    () => 20,
  );
  display.members(members('Leader', 'Follower'));
  assert.ok(output.split('\n').every((line) => line.length < 20));
});

test('in a terminal the table is drawn over itself, and notes stay above it', () => {
  let output = '';
  const display = new LiveDisplay(
    (text) => {
      output += text;
    },
    () => 80,
  );
  display.members(members('Leader', 'Follower'));
  display.members(members('Leader', 'Follower'));
  assert.equal(output.split('\n').length, 5, 'nothing is drawn where nothing changed');
  output = '';
  display.note('something happened');
  const [beginning, ...lines] = output.split('\n');
  assert.equal(beginning, '\u001b[4F\u001b[0Jsomething happened');
  assert.deepEqual(
    lines.map((line) => line.split(' ')[0]),
    ['', 'MEMBER', 'm1', 'm2', ''],
  );
  output = '';
  display.clear();
  assert.equal(output, '\u001b[4F\u001b[0J');
});
