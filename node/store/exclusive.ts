/** Lets one action run at a time, in the order of the calls. */

export class Exclusive {
  #last: Promise<unknown> = Promise.resolve();

  run<T>(action: () => Promise<T>): Promise<T> {
    const result = this.#last.then(action);
    // A failure is the caller's to deal with; whoever is next still gets its turn.
    this.#last = result.catch(() => {});
    return result;
  }
}
