/** Texts from several sources, as sentences. Pure. */

/** Ends with one full stop, whatever the text ends with. */
export function sentence(text: string): string {
  return `${text.trim().replace(/[.\s]+$/, '')}.`;
}

export function capitalized(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}`;
}
