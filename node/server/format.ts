/** The formats of entries, snapshots, handshake and data folder that this build speaks. */
export const FORMAT = 1;
export const OLDEST_FORMAT = 1;

/** What the cluster has agreed to speak is newer than this build: it must stop before it misreads anything. */
export class FormatTooNew extends Error {
  constructor(format: number) {
    super(`the cluster speaks format ${format}, this version up to ${FORMAT}: run the version that the others run`);
    this.name = 'FormatTooNew';
  }
}

/** @throws FormatTooNew */
export function assertSpoken(format: number): void {
  if (format > FORMAT) throw new FormatTooNew(format);
}
