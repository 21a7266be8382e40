/** Floods of frames that each cost us more than their sender: the connection ends with ENHANCE_YOUR_CALM. */
import { Allowance } from './allowance.ts';
import { ConnectionError } from './errors.ts';
import { ErrorCode } from './protocol.ts';

/** Callers that give up on calls are common; a flood of resets (CVE-2023-44487) is not. */
const RESETS = { burst: 10_000, perSecond: 1000 };
/** PING, SETTINGS, PRIORITY, WINDOW_UPDATE, DATA of nothing, frames unknown (CVE-2019-9511 to -9518). */
const CONTROL = { burst: 10_000, perSecond: 1000 };
/** A well-behaved client may answer a frame of ours with a ping and updates of two windows, and begins a stream with some. */
const EARNED = 4;

export class AbuseLimits {
  readonly #sender: { readonly dataFrames: number };
  readonly #now: () => number;
  readonly #resets: Allowance;
  readonly #control: Allowance;
  #seenDataFrames = 0;

  constructor(sender: { readonly dataFrames: number }, now: () => number = () => performance.now()) {
    this.#sender = sender;
    this.#now = now;
    this.#resets = new Allowance(RESETS.burst, RESETS.perSecond, now());
    this.#control = new Allowance(CONTROL.burst, CONTROL.perSecond, now());
  }

  /** A stream was opened. */
  earn(): void {
    this.#control.earn(EARNED);
  }

  /** @throws ConnectionError */
  spendReset(): void {
    if (!this.#resets.spend(this.#now)) throw new ConnectionError(ErrorCode.EnhanceYourCalm, 'too many resets');
  }

  /** @throws ConnectionError */
  spendControl(count = 1): void {
    const { dataFrames } = this.#sender;
    this.#control.earn((dataFrames - this.#seenDataFrames) * EARNED);
    this.#seenDataFrames = dataFrames;
    if (this.#control.spend(this.#now, count)) return;
    throw new ConnectionError(ErrorCode.EnhanceYourCalm, 'too many frames that ask for nothing');
  }
}
