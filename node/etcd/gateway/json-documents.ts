/** JSON objects one after the other, as a streaming call may have them in its body. */

/** @throws SyntaxError */
export function parseDocuments(text: string): unknown[] {
  const documents: unknown[] = [];
  let depth = 0;
  let start = -1;
  let isText = false;
  for (let at = 0; at < text.length; at += 1) {
    const char = text[at];
    if (isText) {
      if (char === '\\') at += 1;
      else if (char === '"') isText = false;
    } else if (char === '"') {
      isText = true;
      if (start < 0) start = at;
    } else if (char === '{' || char === '[') {
      if (depth === 0 && start < 0) start = at;
      depth += 1;
    } else if (char === '}' || char === ']') {
      depth -= 1;
      if (depth > 0) continue;
      documents.push(JSON.parse(text.slice(Math.max(start, 0), at + 1)));
      start = -1;
      depth = 0;
    } else if (start < 0 && !/\s/.test(char!)) start = at;
  }
  if (start >= 0) documents.push(JSON.parse(text.slice(start)));
  return documents;
}
