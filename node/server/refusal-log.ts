/** Handshakes that were refused, ours or those of callers. They come at each attempt to connect: a line only when it changes. */
import type { RefusedHandshake } from '../transport/types.ts';
import type { Observer } from './observer.ts';

export class RefusalLog {
  readonly #observer: Observer;
  /** The last from each address that was dialled, and the last of those who dialled us: these have a new port each time. */
  readonly #last = new Map<string, string>();

  constructor(observer: Observer) {
    this.#observer = observer;
  }

  refused(address: string, { code, message }: RefusedHandshake, call: 'Ours' | 'Theirs'): void {
    const from = call === 'Ours' ? address : 'callers';
    if (this.#last.get(from) === message) return;
    this.#last.set(from, message);
    this.#observer.log('warn', 'peer_refused', { address, call, code, message });
  }
}
