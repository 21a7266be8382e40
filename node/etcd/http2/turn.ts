/** Lets every connection write once in a turn of the event loop, when all that came in it was taken: one system call. */

export type Flushable = { flush(): void };

export class Turn {
  #waiting: Flushable[] = [];

  /** Once in a turn for each. */
  schedule(one: Flushable): void {
    this.#waiting.push(one);
    if (this.#waiting.length === 1) setImmediate(this.#end);
  }

  readonly #end = (): void => {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const one of waiting) one.flush();
  };
}
