/** What commands print, on standard output: lines for people, or JSON with `--json`. */

export function printLines(lines: readonly string[]): void {
  process.stdout.write(lines.map((line) => `${line}\n`).join(''));
}

export function printJson(value: unknown): void {
  process.stdout.write(`${JSON.stringify(value)}\n`);
}

/** Bytes exactly as they are where a program reads; a terminal gets an end of line. */
export function printValue(value: Uint8Array): void {
  process.stdout.write(value);
  if (process.stdout.isTTY && value.at(-1) !== 0x0a) process.stdout.write('\n');
}

/** Progress of long work, on standard error: one line that changes in a terminal, nothing elsewhere but the last. */
export class Progress {
  readonly #isLive: boolean = process.stderr.isTTY;
  #lastMs = 0;
  #width = 0;

  show(text: string): void {
    const nowMs = performance.now();
    if (!this.#isLive || nowMs - this.#lastMs < 100) return;
    this.#lastMs = nowMs;
    this.#write(text);
  }

  done(text: string): void {
    if (this.#isLive) this.#write(`${text}\n`);
    else process.stderr.write(`${text}\n`);
  }

  #write(text: string): void {
    process.stderr.write(`\r${text.padEnd(this.#width)}`);
    this.#width = text.length;
  }
}
