/**
 * What the user reads of the upkeep, as Kubernetes events: of each kind of write one sentence a pass, whatever the number
 * of objects. Pure.
 */

import { listed } from '../api/listed.ts';
import { type RefusedWrite, refusalWithAdvice } from '../api/refused-write.ts';
import { sentence } from '../api/sentence.ts';
import { verb } from '../api/verb.ts';
import type { ActEvent } from '../decide/types.ts';
import { endpointSliceKind } from '../kube/kinds.ts';
import type { ChildWrite } from './children.ts';
import { objectOf, type RoleLabel, type SecretIssue, type Upkeep } from './upkeep.ts';

/** The events of what was written, in the order in which it was written. */
export function upkeepNotes(done: readonly Upkeep[]): readonly ActEvent[] {
  const byVerb = Map.groupBy(done, (upkeep) => upkeep.verb);
  return [...byVerb].flatMap(([of, writes]) => {
    const tell = tellings[of] as (writes: readonly Upkeep[]) => ActEvent | null;
    return tell(writes) ?? [];
  });
}

/** The event of a write that the API server refuses, with its words and with what there is to do. */
export function refusedWriteNote(refused: RefusedWrite): ActEvent {
  return { type: 'Warning', reason: 'WriteRefused', message: refusalWithAdvice(refused) };
}

/** It holds the name alone, so that leadership that goes to and fro is counted in one event for each member. */
export function leaderNote(leader: string): ActEvent {
  return normal('LeaderChanged', `${leader} leads`);
}

type WriteOf<Verb extends Upkeep['verb']> = Verb extends ChildWrite['verb']
  ? ChildWrite
  : Extract<Upkeep, { verb: Verb }>;

/** A kind of write without a sentence does not compile. */
const tellings: { readonly [Verb in Upkeep['verb']]: (writes: readonly WriteOf<Verb>[]) => ActEvent | null } = {
  Issue: (writes) => normal('SecretsIssued', `Issued ${listed(writes.flatMap(secretsOf))}`),
  Create: (writes) => normal('ObjectsCreated', `Created ${listed(writes.map(nameOf))}`),
  // That the leader's Service follows an election is told as LeaderChanged.
  Change: (writes) => {
    const told = writes.filter(({ kind }) => kind.kind !== endpointSliceKind.kind);
    return told.length === 0 ? null : normal('ObjectsChanged', `Changed ${listed(told.map(withFields))}`);
  },
  PutBack: (writes) => ({
    type: 'Warning',
    reason: 'ObjectsPutBack',
    message: sentence(`Put back what others had changed in ${listed(writes.map(withFields))}`),
  }),
  Delete: (writes) => normal('ObjectsDeleted', `Deleted ${listed(writes.map(nameOf))}, wanted no more`),
  Label: (writes) => normal('PodsLabelled', `Labelled for the disruption budget: ${listed(rolesOf(writes))}`),
};

function normal(reason: string, text: string): ActEvent {
  return { type: 'Normal', reason, message: sentence(text) };
}

function nameOf(write: ChildWrite): string {
  const { kind, name } = objectOf(write);
  return `the ${kind} ${name}`;
}

function secretsOf({ names }: SecretIssue): readonly string[] {
  return names.map((name) => `the Secret ${name}`);
}

/** More fields than these say no more to a reader. */
const MOST_FIELDS = 3;

/** An object without a field to name differs by something that shall not be there any more. */
function withFields(write: ChildWrite): string {
  const { fields } = write;
  if (fields.length === 0) return nameOf(write);
  const more = fields.length - MOST_FIELDS;
  return `${nameOf(write)} (${fields.slice(0, MOST_FIELDS).join(', ')}${more > 0 ? ` and ${more} more` : ''})`;
}

function rolesOf(writes: readonly RoleLabel[]): readonly string[] {
  return [...Map.groupBy(writes, ({ role }) => role)].map(([role, pods]) => {
    const names = pods.map(({ pod }) => pod.name);
    return `${names.join(', ')} as ${role === null ? 'no member' : verb(names, `a ${role}`, `${role}s`)}`;
  });
}
