/** What users read agrees with how many it is about. */

/** `is` for one, `are` for several. */
export function verb(names: readonly unknown[], one: string, several: string): string {
  return names.length === 1 ? one : several;
}
