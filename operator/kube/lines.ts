/**
 * Cuts a stream of bytes into lines. What comes after the last newline is dropped: a watch that was cut off in the
 * middle of an event has not delivered it.
 */
export async function* lines(chunks: AsyncIterable<Buffer>): AsyncGenerator<string, void, undefined> {
  // Cut as bytes, and decoded whole: a chunk may end inside of a character.
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
