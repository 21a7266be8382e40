/**
 * Splits a stream of bytes into lines. Drops an incomplete last line, which is what remains of an event when a watch
 * breaks off in the middle of it.
 */
export async function* lines(chunks: AsyncIterable<Buffer>): AsyncGenerator<string, void, undefined> {
  // Splits the bytes and decodes whole lines only, because a chunk may end in the middle of a UTF-8 character.
  let begun: Buffer[] = [];
  for await (const chunk of chunks) {
    let from = 0;
    for (let end = chunk.indexOf(newline); end !== -1; end = chunk.indexOf(newline, from)) {
      begun.push(chunk.subarray(from, end));
      yield (begun.length === 1 ? begun[0]! : Buffer.concat(begun)).toString('utf8');
      begun = [];
      from = end + 1;
    }
    if (from < chunk.length) begun.push(chunk.subarray(from));
  }
}

const newline = 0x0a;
