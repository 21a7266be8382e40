/** Texts from several sources, as one sentence. Pure. */

/** Ends with one full stop, whatever the text ends with. */
export function sentence(text: string): string {
  return `${text.trim().replace(/[.\s]+$/, '')}.`;
}
