/** What the tests replicate: a digest of everything applied, and the configuration. */
import { type Configuration, type Entry, EntryKind } from '../types.ts';
import { enterConfiguration, leaveJoint, type Target } from './change-configuration.ts';

export type State = {
  readonly index: number;
  readonly term: number;
  readonly digest: number;
  readonly configuration: Configuration;
  readonly configurationIndex: number;
};

export function encodeTarget(target: Target): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(target));
}

export function applyEntry(state: State, entry: Entry): State {
  if (entry.index !== state.index + 1) throw new Error(`applied ${entry.index} after ${state.index}`);
  let digest = Math.imul(state.digest ^ entry.term, 0x01000193) ^ entry.kind;
  for (const byte of entry.data) digest = Math.imul(digest ^ byte, 0x01000193);
  const next = { ...state, index: entry.index, term: entry.term, digest };
  if (entry.kind !== EntryKind.Configuration) return next;
  const configuration = change(state.configuration, entry.data);
  return configuration === null ? next : { ...next, configuration, configurationIndex: entry.index };
}

/** Null when the change is void. */
function change(current: Configuration, data: Uint8Array): Configuration | null {
  if (data.length === 0) return current.leaving === null ? null : leaveJoint(current);
  if (current.leaving !== null) return null;
  return enterConfiguration(current, JSON.parse(new TextDecoder().decode(data)) as Target);
}
