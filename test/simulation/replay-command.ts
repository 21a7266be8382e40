/** What to type to see a run again. */
export function replayCommand(seed: string): string {
  return `npm run sim -- --seed ${seed} --trace`;
}
