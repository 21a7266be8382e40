/**
 * Every choice of a simulated run comes from here. A stream is made from a text seed; a fork is made from the
 * seed and a label and not from how much was drawn before, so that one more draw in the disk does not change
 * what the network does.
 */

export class Random {
  readonly seed: string;
  #a: number;
  #b: number;
  #c: number;
  #counter = 1;

  constructor(seed: string) {
    this.seed = seed;
    [this.#a, this.#b, this.#c] = scatter(seed);
    for (let round = 0; round < 12; round++) this.#draw();
  }

  fork(label: string | number): Random {
    return new Random(`${this.seed}/${label}`);
  }

  /** Uniform in [0, 1). */
  unit(): number {
    return this.#draw() / 0x1_0000_0000;
  }

  /** Uniform over the integers in [0, below). */
  below(limit: number): number {
    return Math.floor(this.unit() * limit);
  }

  /** Uniform over the integers in [least, most]. */
  integer(least: number, most: number): number {
    return least + this.below(most - least + 1);
  }

  /** Uniform over the reals in [least, most). */
  between(least: number, most: number): number {
    return least + this.unit() * (most - least);
  }

  chance(probability: number): boolean {
    return this.unit() < probability;
  }

  pick<T>(choices: readonly T[]): T {
    if (choices.length === 0) throw new RangeError('nothing to pick from');
    return choices[this.below(choices.length)]!;
  }

  shuffled<T>(items: readonly T[]): T[] {
    const result = [...items];
    for (let end = result.length - 1; end > 0; end--) {
      const other = this.below(end + 1);
      [result[end], result[other]] = [result[other]!, result[end]!];
    }
    return result;
  }

  hex(digits: number): string {
    let result = '';
    while (result.length < digits) result += this.#draw().toString(16).padStart(8, '0');
    return result.slice(0, digits);
  }

  bytes(length: number): Buffer {
    return Buffer.from(this.hex(length * 2), 'hex');
  }

  /** sfc32 (Chris Doty-Humphrey, PractRand): small, fast, passes the statistical suites. */
  #draw(): number {
    const sum = (this.#a + this.#b + this.#counter) | 0;
    this.#counter = (this.#counter + 1) | 0;
    this.#a = this.#b ^ (this.#b >>> 9);
    this.#b = (this.#c + (this.#c << 3)) | 0;
    this.#c = ((this.#c << 21) | (this.#c >>> 11)) + sum;
    this.#c |= 0;
    return sum >>> 0;
  }
}

/** Three 32-bit words that all depend on every character (MurmurHash3's finishing steps over FNV-1a). */
function scatter(text: string): [number, number, number] {
  const word = (basis: number): number => {
    let hash = basis;
    for (let at = 0; at < text.length; at++) hash = Math.imul(hash ^ text.charCodeAt(at), 0x0100_0193);
    hash = Math.imul(hash ^ (hash >>> 16), 0x85eb_ca6b);
    hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2_ae35);
    return (hash ^ (hash >>> 16)) | 0;
  };
  return [word(0x811c_9dc5), word(0x9e37_79b9), word(0x7f4a_7c15)];
}
