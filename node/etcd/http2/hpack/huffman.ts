/** Decodes Huffman strings (RFC 7541, section 5.2) four bits at a time, by a table of all states made at the start. */
import { HpackError } from './hpack-error.ts';
import { END_OF_STRING, huffmanCodes } from './huffman-code.ts';

const NIBBLES = 16;
const FAILED = -1;
const NOTHING = -1;
/** Padding is shorter than a byte. */
const MAX_PADDING_BITS = 7;

/** An inner node of the code's tree: what its two branches lead to. */
type Node = {
  readonly index: number;
  readonly depth: number;
  readonly isAllOnes: boolean;
  branches: (Node | number)[];
};

/** For state and nibble: the next state, and the symbol that ended on the way. No code is shorter than five bits. */
const { next, emitted, mayEnd } = buildTable();

let scratch: Buffer = Buffer.allocUnsafe(4096);

/** One character for each byte. @throws HpackError */
export function decodeHuffman(bytes: Uint8Array, start: number, end: number): string {
  const room = Math.ceil(((end - start) * 8) / 5);
  if (room > scratch.length) scratch = Buffer.allocUnsafe(room);
  let state = 0;
  let length = 0;
  for (let at = start; at < end; at += 1) {
    const byte = bytes[at]!;
    for (let nibble = byte >> 4, half = 0; half < 2; nibble = byte & 15, half += 1) {
      const edge = state * NIBBLES + nibble;
      const symbol = emitted[edge]!;
      if (symbol !== NOTHING) {
        scratch[length] = symbol;
        length += 1;
      }
      state = next[edge]!;
      if (state === FAILED) throw new HpackError('a Huffman string holds the end-of-string symbol');
    }
  }
  if (mayEnd[state] !== 1)
    throw new HpackError('a Huffman string ends in padding that is no beginning of end-of-string');
  return scratch.toString('latin1', 0, length);
}

function buildTable(): { next: Int16Array; emitted: Int16Array; mayEnd: Uint8Array } {
  const nodes = buildTree();
  const next = new Int16Array(nodes.length * NIBBLES).fill(FAILED);
  const emitted = new Int16Array(nodes.length * NIBBLES).fill(NOTHING);
  const mayEnd = Uint8Array.from(nodes, ({ depth, isAllOnes }) => (isAllOnes && depth <= MAX_PADDING_BITS ? 1 : 0));
  for (const node of nodes) {
    for (let nibble = 0; nibble < NIBBLES; nibble += 1) {
      const edge = node.index * NIBBLES + nibble;
      let at: Node | null = node;
      for (let bit = 3; bit >= 0 && at !== null; bit -= 1) {
        const target: Node | number = at.branches[(nibble >> bit) & 1]!;
        if (typeof target !== 'number') at = target;
        else if (target === END_OF_STRING) at = null;
        else {
          emitted[edge] = target;
          at = nodes[0]!;
        }
      }
      if (at !== null) next[edge] = at.index;
    }
  }
  return { next, emitted, mayEnd };
}

/** Inner nodes, the root first. */
function buildTree(): Node[] {
  const root: Node = { index: 0, depth: 0, isAllOnes: true, branches: [] };
  const nodes = [root];
  for (const { symbol, code, bits } of huffmanCodes) {
    let at = root;
    for (let bit = bits - 1; bit > 0; bit -= 1) {
      const branch = (code >> bit) & 1;
      if (at.branches[branch] === undefined) {
        const isAllOnes = at.isAllOnes && branch === 1;
        const node: Node = { index: nodes.length, depth: at.depth + 1, isAllOnes, branches: [] };
        nodes.push(node);
        at.branches[branch] = node;
      }
      at = at.branches[branch] as Node;
    }
    at.branches[code & 1] = symbol;
  }
  return nodes;
}
