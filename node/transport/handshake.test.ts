import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Roster, refuseAnswerer, refuseCaller } from './handshake.ts';
import { helloOf } from './testing/members.ts';
import type { Hello } from './types.ts';

const OWN = helloOf(1);
const EXPECTED = { id: 1, incarnation: 'incarnation-1' };
const ROSTER: Roster = {
  incarnations: new Map([
    [2, 'incarnation-2'],
    [3, 'incarnation-3'],
  ]),
  lastMemberId: 4,
  mayTakeStrangers: true,
};

test('a listed member that calls the right one is let in', () => {
  assert.equal(refused(helloOf(2)), null);
});

test('another cluster is refused, and both cluster ids are named', () => {
  const refusal = refused({ ...helloOf(2), clusterId: '00000000000000c2' });
  assert.equal(refusal?.code, 'ClusterIdMismatch');
  assert.match(refusal.message, /00000000000000c1.*00000000000000c2/);
});

test('a caller that wants another member is refused, and both ids are named', () => {
  const refusal = refuseCaller(OWN, ROSTER, helloOf(2), { id: 3, incarnation: 'incarnation-3' });
  assert.equal(refusal?.code, 'MemberIdMismatch');
  assert.match(refusal.message, /member 3 is expected.*member 1 answers/);
});

test('a caller that expects an earlier life of this member is refused, without blame for its own', () => {
  const refusal = refuseCaller(OWN, ROSTER, helloOf(2), { id: 1, incarnation: 'before' });
  assert.equal(refusal?.code, 'MemberIdMismatch');
  assert.match(refusal.message, /before.*incarnation-1/);
});

test('a member whose folder was wiped is refused, and both incarnations are named', () => {
  const refusal = refused({ ...helloOf(2), incarnation: 'wiped' });
  assert.equal(refusal?.code, 'IncarnationMismatch');
  assert.match(refusal.message, /incarnation-2.*wiped/);
});

test('whoever says it is this member is refused', () => {
  assert.equal(refused({ ...helloOf(1), incarnation: 'other' })?.code, 'MemberIdMismatch');
});

test('an id that was given out and is no member any more was removed', () => {
  assert.equal(refused(helloOf(4))?.code, 'Removed');
});

test('an id that is newer than what this member knows is let in', () => {
  assert.equal(refused(helloOf(5)), null);
});

test('a joiner that knows its hints only calls nobody removed', () => {
  assert.equal(refuseCaller(OWN, { ...ROSTER, lastMemberId: 0 }, helloOf(4), EXPECTED), null);
});

test('a known incarnation under a new id is refused', () => {
  const refusal = refused({ ...helloOf(5), incarnation: 'incarnation-3' });
  assert.equal(refusal?.code, 'MemberIdMismatch');
  assert.match(refusal.message, /is member 3.*member 5/);
});

test('more strangers than a member can be behind are refused', () => {
  const full = { ...ROSTER, mayTakeStrangers: false };
  assert.equal(refuseCaller(OWN, full, helloOf(5), EXPECTED)?.code, 'UnknownMember');
  assert.equal(refuseCaller(OWN, full, helloOf(2), EXPECTED), null);
});

test('before it knows its peers a member asks to be called again', () => {
  assert.equal(refuseCaller(OWN, null, helloOf(2), EXPECTED)?.code, 'NotReady');
});

test('a newer build is let in as long as it speaks a format of ours', () => {
  assert.equal(refused({ ...helloOf(2), format: 2, oldestFormat: 1 }), null);
});

test('builds without a common format refuse each other, and both ranges are named', () => {
  const newer = { ...helloOf(2), format: 3, oldestFormat: 2 };
  const refusal = refused(newer);
  assert.equal(refusal?.code, 'FormatTooNew');
  assert.match(refusal.message, /formats 1 to 1.*formats 2 to 3/);
  assert.equal(refuseAnswerer(newer, EXPECTED, OWN)?.code, 'FormatTooNew');
});

test('the one that dials refuses another member, another life and another cluster at the address', () => {
  const expected = { id: 2, incarnation: 'incarnation-2' };
  assert.equal(refuseAnswerer(OWN, expected, helloOf(2)), null);
  assert.equal(refuseAnswerer(OWN, expected, helloOf(3))?.code, 'MemberIdMismatch');
  assert.equal(refuseAnswerer(OWN, expected, { ...helloOf(2), incarnation: 'x' })?.code, 'MemberIdMismatch');
  assert.equal(refuseAnswerer(OWN, expected, { ...helloOf(2), clusterId: 'x' })?.code, 'ClusterIdMismatch');
});

function refused(theirs: Hello): ReturnType<typeof refuseCaller> {
  return refuseCaller(OWN, ROSTER, theirs, EXPECTED);
}
