/** Figures that the tests take on their way; docs/operator.md is made of them. */
export function report(what: string, value: string): void {
  console.log(`MEASURED ${what}: ${value}`);
}

/** Below what the traffic reports it says so, rather than 0. */
export function reportGap(what: string, gapMs: number): void {
  report(`${what}: longest gap between acknowledged writes`, gapMs === 0 ? 'below 50 ms' : `${gapMs} ms`);
}
