/** The formats of entries, snapshots, handshake and data folder that this build speaks. */
import { RequestError } from './types.ts';

export const FORMAT = 3;
export const OLDEST_FORMAT = 1;

/** The first format with members without an incarnation, changed addresses, users and roles. */
export const EXTENDED_FORMAT = 2;

/** The first format in which members can be marked as corrupt. */
export const MARKS_FORMAT = 3;

/** What the cluster has agreed to speak is newer than this build: it must stop before it misreads anything. */
export class FormatTooNew extends Error {
  constructor(format: number) {
    super(`the cluster speaks format ${format}, this version up to ${FORMAT}: run the version that the others run`);
    this.name = 'FormatTooNew';
  }
}

/**
 * Refuses what needs a log entry of `format` while the cluster's format is lower: older members would stop at it.
 *
 * @param present the cluster's format
 * @throws RequestError `invalid_request`, which says that all members must be upgraded first
 */
export function assertClusterSpeaks(format: number, present: number): void {
  if (present >= format) return;
  throw new RequestError(
    'invalid_request',
    `the cluster speaks format ${present}, and this needs ${format}: bring all members to this version first`,
  );
}

/** @throws FormatTooNew */
export function assertSpoken(format: number): void {
  if (format > FORMAT) throw new FormatTooNew(format);
}
