/** The header `grpc-timeout`: at most eight digits and a unit. */

const UNIT_MS: Readonly<Record<string, number>> = { H: 3_600_000, M: 60_000, S: 1000, m: 1, u: 1e-3, n: 1e-6 };

/** Milliseconds; null when there is none, NaN when it cannot be read. */
export function parseTimeout(header: string | undefined): number | null {
  if (header === undefined) return null;
  const unit = UNIT_MS[header.at(-1) ?? ''];
  const digits = header.slice(0, -1);
  if (unit === undefined || !/^\d{1,8}$/.test(digits)) return Number.NaN;
  return Number(digits) * unit;
}
