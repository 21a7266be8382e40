/** What errors are counted by in metrics and logs. */
import { QuorateError } from '../client/errors.ts';
import { isKubeError } from './kube/errors.ts';

/** The code of an error of the API server or of a member; the class of any other, so that there are few. */
export function errorCode(error: unknown): string {
  if (isKubeError(error) || error instanceof QuorateError) return error.code;
  return error instanceof Error ? error.name : 'unknown';
}
