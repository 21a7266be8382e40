/** Keeps one stream to a peer: dials, waits, dials again. */
import { Backoff } from './backoff.ts';
import type { Connection, ConnectionEnd, Traffic } from './connection.ts';
import { type DialHandler, type Dialling, dial } from './dial.ts';
import type { TcpNetworkOptions } from './options.ts';
import { ProtocolError } from './protocol-error.ts';
import type { Hello, Peer, RefusedHandshake } from './types.ts';

export type OutgoingHandler = {
  connected(hello: Hello): void;
  disconnected(end: ConnectionEnd): void;
  refused(refusal: RefusedHandshake): void;
};

type State =
  | { readonly kind: 'Waiting'; readonly timer: { cancel(): void } }
  | { readonly kind: 'Dialling'; readonly attempt: Dialling }
  | { readonly kind: 'Connected'; readonly connection: Connection; readonly sinceMs: number }
  | { readonly kind: 'Stopped' };

export class OutgoingStream {
  readonly #options: TcpNetworkOptions;
  readonly #own: Hello;
  readonly #peer: Peer;
  readonly #traffic: Traffic;
  readonly #handler: OutgoingHandler;
  readonly #backoff: Backoff;
  #state: State;
  /** The last thing logged, so that a peer that is away for an hour makes one line. */
  #loggedReason: string | null = null;

  constructor(options: TcpNetworkOptions, own: Hello, peer: Peer, traffic: Traffic, handler: OutgoingHandler) {
    this.#options = options;
    this.#own = own;
    this.#peer = peer;
    this.#traffic = traffic;
    this.#handler = handler;
    this.#backoff = new Backoff(options.reconnect, options.random);
    this.#state = this.#dial();
  }

  /** Null unless frames can be sent now. */
  get connection(): Connection | null {
    return this.#state.kind === 'Connected' ? this.#state.connection : null;
  }

  /**
   * The peer is known to be there: do not wait any longer. A pod that was started anew calls before its name stands for
   * its new address everywhere, so it is looked for where it calls from; should it be behind a translated address, the
   * attempt fails and the next one goes by its name.
   */
  hurry(calledFrom: string | null): void {
    const state = this.#state;
    if (state.kind === 'Waiting') state.timer.cancel();
    else if (state.kind === 'Dialling' && state.attempt.isConnecting && calledFrom !== null) state.attempt.cancel();
    else return;
    this.#state = this.#dial(calledFrom);
  }

  /** Resolves when the connection is gone. */
  async stop(reason: string, refusal: RefusedHandshake | null): Promise<void> {
    const state = this.#state;
    this.#state = { kind: 'Stopped' };
    if (state.kind === 'Waiting') state.timer.cancel();
    if (state.kind === 'Dialling') state.attempt.cancel();
    if (state.kind !== 'Connected') return;
    state.connection.close({ reason, refusal });
    await state.connection.closed;
  }

  #dial(calledFrom: string | null = null): State {
    const handler: DialHandler = {
      connected: (connection, hello) => this.#connected(connection, hello),
      failed: (reason, refusal) => {
        this.#logOnce(reason);
        this.#state = this.#wait();
        if (refusal !== null) this.#handler.refused(refusal);
      },
    };
    return { kind: 'Dialling', attempt: dial(this.#options, this.#own, this.#peer, 'Stream', handler, calledFrom) };
  }

  #wait(): State {
    const timer = this.#options.clock.after(this.#backoff.nextMs(), () => {
      this.#state = this.#dial();
    });
    return { kind: 'Waiting', timer };
  }

  #connected(connection: Connection, hello: Hello): void {
    const { clock, log, reconnect } = this.#options;
    const sinceMs = clock.nowMs();
    this.#state = { kind: 'Connected', connection, sinceMs };
    this.#loggedReason = null;
    log.info({ peer: this.#peer.id, address: this.#peer.address }, 'peer_connected');
    connection.established(
      {
        frame: (body) => {
          throw new ProtocolError(`a frame of type ${body[0]} came on a stream that only sends`);
        },
        ended: (end) => {
          // Two processes with one identity displace each other's streams: without backoff they would do so in a loop.
          if (clock.nowMs() - sinceMs >= reconnect.maxMs) this.#backoff.reset();
          this.#logOnce(end.reason);
          this.#state = this.#wait();
          this.#handler.disconnected(end);
        },
      },
      this.#traffic,
      true,
    );
    this.#handler.connected(hello);
  }

  #logOnce(reason: string): void {
    if (reason === this.#loggedReason) return;
    this.#loggedReason = reason;
    this.#options.log.warn({ peer: this.#peer.id, address: this.#peer.address, reason }, 'peer_not_connected');
  }
}
