/** The other members as this one knows them from their connections. */
import { type MemberId, type Message, NO_MEMBER } from '../raft/types.ts';
import type { PeerHint } from '../storage/types.ts';
import { isUnclaimed } from '../store/membership.ts';
import type { Membership } from '../store/types.ts';
import type { Network, Peer, PeerState } from '../transport/types.ts';
import type { Clock } from './clock.ts';
import { FORMAT } from './format.ts';
import type { LatencySamples } from './latency-samples.ts';

export class Peers {
  #listed: readonly Peer[] = [];
  #lastMemberId: MemberId = NO_MEMBER;
  /** Left the membership, and stay connected until then. */
  #leaving: readonly { readonly peer: Peer; readonly untilMs: number }[] = [];
  readonly #farewellMs: number;
  readonly #self: MemberId;
  readonly #selfUrl: string;
  readonly #network: Network;
  readonly #clock: Clock;
  readonly #samples: LatencySamples;
  readonly #lastContact = new Map<MemberId, number>();

  /** @param farewellMs how long one that leaves can still be answered: it may have asked for its own removal */
  constructor(
    self: MemberId,
    selfUrl: string,
    network: Network,
    clock: Clock,
    samples: LatencySamples,
    farewellMs: number,
  ) {
    this.#farewellMs = farewellMs;
    this.#self = self;
    this.#selfUrl = selfUrl;
    this.#network = network;
    this.#clock = clock;
    this.#samples = samples;
  }

  send(messages: readonly Message[]): void {
    if (messages.length === 0) return;
    const [first] = messages;
    if (messages.every(({ to }) => to === first!.to)) {
      this.#sendTo(first!.to, messages);
      return;
    }
    const byPeer = new Map<MemberId, Message[]>();
    for (const message of messages) {
      const list = byPeer.get(message.to);
      if (list === undefined) byPeer.set(message.to, [message]);
      else list.push(message);
    }
    for (const [peer, list] of byPeer) this.#sendTo(peer, list);
  }

  #sendTo(peer: MemberId, messages: readonly Message[]): void {
    for (const message of messages) {
      if (message.kind === 'AppendRequest' && message.entries.length > 0) this.#samples.sent(peer, message.entries);
    }
    this.#network.send(peer, { kind: 'Raft', messages });
  }

  /** @param hints for a member that has not seen the membership yet */
  use(membership: Membership | null, hints: readonly PeerHint[]): void {
    const members = membership?.members ?? hints;
    const peers = members.map(({ id, peerAddress, incarnation }) => ({ id, address: peerAddress, incarnation }));
    const untilMs = this.#clock.nowMs() + this.#farewellMs;
    const gone = this.#listed.filter(({ id }) => id !== this.#self && !peers.some((peer) => peer.id === id));
    this.#leaving = [...this.#leaving, ...gone.map((peer) => ({ peer, untilMs }))];
    this.#listed = peers;
    this.#lastMemberId = membership?.lastMemberId ?? NO_MEMBER;
    this.#connect();
  }

  tick(nowMs: number): void {
    const leaving = this.#leaving.filter(({ untilMs }) => untilMs > nowMs);
    if (leaving.length === this.#leaving.length) return;
    this.#leaving = leaving;
    this.#connect();
  }

  heardFrom(id: MemberId): void {
    this.#lastContact.set(id, this.#clock.nowMs());
  }

  /** The time since the last frame from this peer; null when there was none. */
  lastContactMs(id: MemberId): number | null {
    const atMs = this.#lastContact.get(id);
    return atMs === undefined ? null : Math.round(this.#clock.nowMs() - atMs);
  }

  states(): readonly PeerState[] {
    return this.#network.peers();
  }

  clientUrlOf(id: MemberId): string | undefined {
    if (id === this.#self) return this.#selfUrl;
    return id === NO_MEMBER ? undefined : this.#network.peers().find((peer) => peer.id === id)?.hello?.clientUrl;
  }

  /** The highest format that all members speak; null while one of them has not said. */
  commonFormat(membership: Membership): number | null {
    const states = new Map(this.#network.peers().map((peer) => [peer.id, peer]));
    let common = FORMAT;
    for (const member of membership.members) {
      // An unclaimed member runs no build yet; whoever claims it is asked then.
      if (member.id === this.#self || isUnclaimed(member)) continue;
      const format = states.get(member.id)?.hello?.format;
      if (format === undefined) return null;
      common = Math.min(common, format);
    }
    return common;
  }

  #connect(): void {
    this.#network.setPeers([...this.#listed, ...this.#leaving.map(({ peer }) => peer)], this.#lastMemberId);
  }
}
