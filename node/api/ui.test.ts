import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import test from 'node:test';
import type { ApiClusterView, ApiMemberEvent, ApiMemberView, ApiStatus } from '../../client/types.ts';
import { startTestApi } from './testing/start-test-api.ts';

const folder = path.join(import.meta.dirname, 'ui');

type Sentence = { readonly kind: string; readonly text: string };
/** The page's own scripts: JavaScript with types in comments, checked by ui/tsconfig.json. */
const { changesBetween, describeEvent, entryAt, leaderOf, roleOf, stripWindow } = (await import(
  path.join(folder, 'members.js')
)) as {
  changesBetween(before: ApiClusterView | null, after: ApiClusterView): Sentence[];
  describeEvent(event: ApiMemberEvent, self: string): Sentence | null;
  entryAt(status: ApiStatus, index: number): string;
  leaderOf(view: ApiClusterView): ApiMemberView | null;
  roleOf(member: ApiMemberView): string;
  stripWindow(view: ApiClusterView, cells: number): { first: number; last: number };
};
const { sumByName } = (await import(path.join(folder, 'tiles.js'))) as {
  sumByName(exposition: string): Map<string, number>;
};

test('the page and all its files are served, under a policy that lets nothing else in', async (t) => {
  const { request } = await startTestApi(t);
  const page = await request('/ui');
  assert.equal(page.headers.get('content-type'), 'text/html; charset=utf-8');
  const policy = page.headers.get('content-security-policy')!;
  assert.match(policy, /default-src 'none'/);
  assert.doesNotMatch(policy, /unsafe|\*|https?:/);
  const files = readdirSync(folder).filter((name) => /\.(js|css|svg)$/.test(name));
  for (const name of files) {
    const response = await request(`/ui/${name}`);
    assert.equal(response.status, 200, name);
    assert.equal(await response.text(), readFileSync(path.join(folder, name), 'utf8'));
    assert.equal(response.headers.get('x-content-type-options'), 'nosniff');
  }
  const html = await page.text();
  for (const [, name] of html.matchAll(/(?:src|href)="ui\/([^"]+)"/g)) assert.ok(files.includes(name!), name);
  assert.doesNotMatch(html, /<script>|style=|onclick=/);
});

test('a file that did not change is not sent again, and only the page’s own files are sent', async (t) => {
  const { request } = await startTestApi(t);
  const etag = (await request('/ui')).headers.get('etag')!;
  assert.equal((await request('/ui', { headers: { 'if-none-match': etag } })).status, 304);
  for (const name of ['tsconfig.json', '..%2Fui.ts', 'toString', 'none.js']) {
    assert.equal((await request(`/ui/${name}`)).status, 404, name);
  }
});

const member = (id: number, status: Partial<ApiStatus> | string): ApiMemberView =>
  typeof status === 'string'
    ? { id, name: `m${id}`, is_self: false, error: status }
    : { id, name: `m${id}`, is_self: false, status: { state: 'Member', ...status } as ApiStatus };
const view = (...members: ApiMemberView[]): ApiClusterView => ({ time_ms: 0, members });
const texts = (before: ApiClusterView | null, after: ApiClusterView) =>
  changesBetween(before, after).map(({ text }) => text);

test('roles are told apart', () => {
  assert.equal(roleOf(member(1, { role: 'PreCandidate' })), 'candidate');
  assert.equal(roleOf(member(1, { role: 'Leader' })), 'leader');
  assert.equal(roleOf(member(1, { state: 'Parked', role: 'Follower' })), 'parked');
  assert.equal(roleOf(member(1, 'refused')), 'unreachable');
});

test('of two members that think they lead, the one of the newer term does', () => {
  const both = view(member(1, { role: 'Leader', term: 3 }), member(2, { role: 'Leader', term: 4 }));
  assert.equal(leaderOf(both)?.id, 2);
});

test('elections, leaders, failures and membership become sentences', () => {
  const calm = view(member(1, { role: 'Leader', term: 3 }), member(2, { role: 'Follower', term: 3 }));
  assert.deepEqual(texts(null, calm), []);
  assert.deepEqual(texts(calm, calm), []);
  const election = view(member(1, 'connect ECONNREFUSED'), member(2, { role: 'Candidate', term: 4 }));
  assert.deepEqual(texts(calm, election), [
    'm1 is unreachable: connect ECONNREFUSED',
    'm2 stands for election in term 4',
    'no leader is known',
  ]);
  const after = view(member(1, { role: 'Follower', term: 4 }), member(2, { role: 'Leader', term: 4 }));
  assert.deepEqual(texts(election, after), ['m1 is back as follower', 'm2 leads in term 4']);
  assert.deepEqual(texts(after, view(member(2, { role: 'Leader', term: 4 }), member(3, { role: 'Learner' }))), [
    'm3 is a member now',
    'm1 is no longer a member',
  ]);
  assert.equal(
    describeEvent({ time_ms: 0, kind: 'ElectionStarted', term: 5, reason: 'silence' }, 'm1')?.text,
    'm1 starts an election for term 5: silence',
  );
});

test('strips of all members show the same indexes', () => {
  const two = view(member(1, { last_index: 100 }), member(2, { last_index: 40 }), member(3, 'gone'));
  assert.deepEqual(stripWindow(two, 20), { first: 81, last: 100 });
  assert.deepEqual(stripWindow(view(member(1, { last_index: 5 })), 20), { first: 1, last: 5 });
  const status = { first_index: 3, applied: 5, commit: 6, last_index: 8 } as ApiStatus;
  assert.deepEqual(
    [2, 3, 5, 6, 7, 9].map((index) => entryAt(status, index)),
    ['cut', 'applied', 'applied', 'committed', 'appended', 'missing'],
  );
});

test('metrics are summed over their labels', () => {
  const text = '# HELP a b\na_total{x="1} 5"} 2\na_total{x="2"} 3\nb 1.5\n';
  assert.deepEqual(
    [...sumByName(text)],
    [
      ['a_total', 5],
      ['b', 1.5],
    ],
  );
});
