/** Ends streams whose callers want a leader (`hasleader`) when there has been none for three election timeouts. */
import type { Member } from '../server/types.ts';
import { etcdError } from './errors.ts';
import type { Call } from './grpc/call.ts';

const MAX_TIMEOUTS_WITHOUT = 3;

export class LeaderMonitor {
  readonly #member: Member;
  readonly #electionTimeoutMs: number;
  readonly #calls = new Set<Call>();
  #timer: NodeJS.Timeout | null = null;
  #timeoutsWithout = 0;

  constructor(member: Member, electionTimeoutMs: number) {
    this.#member = member;
    this.#electionTimeoutMs = electionTimeoutMs;
  }

  /** @throws GrpcError, RequestError when there is none now */
  assertLeader(): void {
    if (this.#member.position().leader === 0) throw etcdError('noLeader');
  }

  /** Watches for as long as the call lasts. */
  watch(call: Call): void {
    this.#calls.add(call);
    this.#timer ??= setInterval(() => this.#look(), this.#electionTimeoutMs).unref();
    call.onAbort(() => this.#leave(call));
  }

  #look(): void {
    this.#timeoutsWithout = this.#hasLeader() ? 0 : this.#timeoutsWithout + 1;
    if (this.#timeoutsWithout < MAX_TIMEOUTS_WITHOUT) return;
    for (const call of [...this.#calls]) call.cancel(etcdError('noLeader'));
  }

  #hasLeader(): boolean {
    try {
      this.assertLeader();
      return true;
    } catch {
      return false;
    }
  }

  #leave(call: Call): void {
    this.#calls.delete(call);
    if (this.#calls.size > 0 || this.#timer === null) return;
    clearInterval(this.#timer);
    this.#timer = null;
    this.#timeoutsWithout = 0;
  }
}
