/** Which failures of a write are about the one object that was to be written, and what the user may do about it. Pure. */
import type { RefusedWrite } from '../api/refused-write.ts';
import { isKubeError } from '../kube/errors.ts';
import type { KubeErrorCode } from '../kube/types.ts';
import { NameTaken } from './children.ts';
import { stableMessage } from './stable-message.ts';
import { objectOf, type Upkeep } from './upkeep.ts';

/**
 * Null for a failure that is no judgement of this object: the view was old, leadership is uncertain, the API server is
 * away. Then the pass ends, as the next write would meet the same.
 */
export function refusalOf(upkeep: Upkeep, error: unknown): RefusedWrite | null {
  const advice = adviceOn(error);
  return advice === null ? null : { ...objectOf(upkeep), words: stableMessage(error), advice };
}

function adviceOn(error: unknown): string | null {
  if (error instanceof NameTaken) return 'It is tried again by itself.';
  return isKubeError(error) ? (advices[error.code] ?? null) : null;
}

const advices: { readonly [Code in KubeErrorCode]?: string } = {
  Forbidden: 'Find the quota, the admission policy or the role that forbids it; it is tried again by itself.',
  // An admission policy may answer so. Who is let in no more does not come to write: its reads before fail.
  Unauthorized: 'Find the admission policy that refuses it; it is tried again by itself.',
  Invalid: 'Look in the spec for what asks for it; it is tried again by itself.',
  BadRequest: 'Find the admission policy, or in the spec what asks for it; it is tried again by itself.',
  KindNotServed: 'Install the kind, or set spec.monitoring so that none is asked for.',
  // The API server answers so for an admission webhook that does not answer it.
  ServerError: 'If it stays, look for an admission webhook that fails; it is tried again by itself.',
  Timeout: 'If it stays, look for an admission webhook that is slow; it is tried again by itself.',
};
