/** What the services are given: the member that they are a door to, and what they share. */
import type { ApiReadiness } from '../../client/types.ts';
import type { Tokens } from '../server/auth-token.ts';
import { AuthorizedMember } from '../server/authorized-member.ts';
import { type Member, type MemberPosition, RequestError } from '../server/types.ts';
import { etcdError } from './errors.ts';
import type { Call } from './grpc/call.ts';
import { Code, GrpcError } from './grpc/status.ts';
import { type Header, type Identity, identityOf } from './proto/header.ts';

export type EtcdLimits = {
  /** The size of one request, as `--max-request-size`; gRPC's own messages may be a little larger. */
  readonly maxRequestBytes: number;
  /** Compares, and the operations of each branch with what they nest. */
  readonly maxTxnOperations: number;
  readonly requestTimeoutMs: number;
  readonly electionTimeoutMs: number;
  readonly maxCalls: number;
  readonly maxBufferedBytes: number;
  /** A quiet watch that wants to know how far it is hears of it this often. */
  readonly watchProgressIntervalMs: number;
  readonly pingIntervalMs: number;
};

const mebibyte = 1024 * 1024;

/** Those that are no setting of their own. */
export const fixedLimits = {
  maxCalls: 20_000,
  maxBufferedBytes: 128 * mebibyte,
  pingIntervalMs: 60_000,
} as const satisfies Partial<EtcdLimits>;

/** What may show the right to administer. */
export type AdminRequest = {
  readonly headers: { readonly authorization?: string | undefined };
  readonly socket: unknown;
};

export type EtcdOptions = {
  readonly member: Member;
  /** The member's, and that of a process on its way out: what `/readyz` tells. */
  readonly readiness: () => ApiReadiness;
  readonly limits: EtcdLimits;
  /** The version of etcd whose API this is to be taken for. */
  readonly version: string;
  /** The scheme of the addresses at which members reach each other: etcd's API gives them as URLs. */
  readonly peerScheme: 'http' | 'https';
  /** Refuses whoever does not show the right to administer, where one is configured; the HTTP API's own check. */
  readonly assertAdmin: (request: AdminRequest) => Promise<void>;
  readonly tokens: Tokens;
  readonly log: { error(fields: object, event: string): void };
  /** Told of each call, by gRPC or the gateway, when it is over: how it ended, and how long it took in seconds. */
  readonly observe?: (path: string, code: string, seconds: number) => void;
};

export class EtcdContext {
  /** The member with all rights: what a caller asks for goes by way of `memberOf`. */
  readonly member: Member;
  readonly limits: EtcdLimits;
  readonly version: string;
  readonly peerScheme: 'http' | 'https';
  readonly tokens: Tokens;
  readonly #readiness: EtcdOptions['readiness'];
  readonly #assertAdmin: EtcdOptions['assertAdmin'];
  #identity: { readonly clusterId: string; readonly memberId: number; readonly wire: Identity } | null = null;

  constructor({ member, readiness, limits, version, peerScheme, assertAdmin, tokens }: EtcdOptions) {
    this.#readiness = readiness;
    this.#assertAdmin = assertAdmin;
    this.member = member;
    this.limits = limits;
    this.version = version;
    this.peerScheme = peerScheme;
    this.tokens = tokens;
  }

  /** The member, with the rights of whoever calls. */
  memberOf(call: Call): AuthorizedMember {
    // One for the whole call: the caller's identity does not change while a stream lasts.
    call.kept ??= new AuthorizedMember(this.member, {
      token: () => call.token,
      certificateName: () => call.certificateName,
      nowMs: Date.now,
      tokens: this.tokens,
    });
    return call.kept as AuthorizedMember;
  }

  /**
   * Where users are known, the role root decides, and `memberOf` asks for it. Until then it is the member's own token or
   * a client certificate, where one is configured: gRPC is no way around what guards `/v1`.
   *
   * @throws GrpcError, RequestError
   */
  async assertAdministrator(call: Call): Promise<void> {
    if (this.member.auth().isEnabled) return;
    try {
      await this.#assertAdmin({ headers: { authorization: call.metadata('authorization') }, socket: call.socket });
    } catch (error) {
      // Where there are no users, no name of one is missing. Nor in the words for a token that is not valid: clients take
      // that for one that is too old, and etcdctl asks for a snapshot again without end.
      if (error instanceof RequestError && error.code === 'unauthenticated') {
        throw new GrpcError(Code.Unauthenticated, `etcdserver: ${error.message}`);
      }
      throw error;
    }
  }

  /** A learner answers only with what it has. @throws GrpcError, RequestError */
  assertNotLearner(): void {
    if (this.member.position().isLearner) throw etcdError('notForLearner');
  }

  /** As `/readyz`, and not well while members hold different keys: such a member still answers reads. */
  health(): ApiReadiness {
    const readiness = this.#readiness();
    const corrupt = this.member.corruptMembers();
    if (corrupt.length === 0) return readiness;
    const check = { name: 'data_corruption', ok: false, message: 'ALARM CORRUPT' };
    return { ready: false, checks: [...readiness.checks, check] };
  }

  /**
   * @param revision the one that the answer tells of; without it, the store's present one
   * @throws RequestError while this member does not serve
   */
  header(revision?: number): Header {
    const position = this.member.position();
    return { identity: this.#wireIdentity(position), revision: revision ?? position.revision, raftTerm: position.term };
  }

  #wireIdentity({ clusterId, memberId }: MemberPosition): Identity {
    const known = this.#identity;
    if (known !== null && known.clusterId === clusterId && known.memberId === memberId) return known.wire;
    const wire = identityOf(BigInt(`0x${clusterId}`), BigInt(memberId));
    this.#identity = { clusterId, memberId, wire };
    return wire;
  }
}
