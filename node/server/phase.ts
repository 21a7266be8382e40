/** What a member is: parked and why, joining, or a member (contract, "What a member is"). */
import type { ParkedReason } from '../../client/types.ts';
import type { Replica } from './replica.ts';

export type Phase =
  | { readonly state: 'Parked'; readonly reason: ParkedReason; readonly message: string }
  | { readonly state: 'Joining'; readonly replica: Replica }
  | { readonly state: 'Member'; readonly replica: Replica };

export function parked(reason: ParkedReason, message: string): Phase {
  return { state: 'Parked', reason, message };
}
