/** Figures that the tests take on their way; docs/operator.md is made of them. */
import type { Gap } from './traffic.ts';

export function report(what: string, value: string): void {
  console.log(`MEASURED ${what}: ${value}`);
}

/** Below what the traffic reports it says so, rather than 0. */
export function reportGap(what: string, gap: Gap | null): void {
  const name = `${what}: longest gap between acknowledged writes`;
  if (gap === null) return report(name, 'below 50 ms');
  const { gapMs, stalledMs, errors } = gap;
  report(name, `${gapMs} ms${stalledMs > 0 ? `, the writers' process not running for ${stalledMs} ms of it` : ''}`);
  for (const error of errors) report(name, `meanwhile ${error}`);
}
