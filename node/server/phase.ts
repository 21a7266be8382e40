/** What a member is: parked and why, joining, or a member (contract, "What a member is"). */
import type { ParkedReason } from '../../client/types.ts';
import type { Replica } from './replica.ts';
import { RequestError } from './types.ts';

export type Parked = { readonly state: 'Parked'; readonly reason: ParkedReason; readonly message: string };

export type Phase =
  | Parked
  | { readonly state: 'Joining'; readonly replica: Replica }
  | { readonly state: 'Member'; readonly replica: Replica };

export function parked(reason: ParkedReason, message: string): Parked {
  return { state: 'Parked', reason, message };
}

/** Requests are served by members alone. @throws RequestError */
export function serving(phase: Phase): Replica {
  if (phase.state === 'Member') return phase.replica;
  if (phase.state === 'Parked') throw parkedError(phase);
  throw new RequestError(
    'not_ready',
    'this member is joining: it waits for its first snapshot, or for the log it had acknowledged',
  );
}

export function parkedError({ reason, message }: Parked): RequestError {
  return new RequestError('parked', `this member is parked (${reason}): ${message}`);
}
