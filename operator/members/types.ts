/** The calls that the operator makes to members. `http-members.ts` makes them over HTTP, the simulation in memory. */
import type {
  ApiAddMember,
  ApiAddMemberAnswer,
  ApiBootstrap,
  ApiCluster,
  ApiConfigAnswer,
  ApiExpected,
  ApiJoin,
  ApiRecover,
  ApiReplaceVoters,
  ApiStatus,
} from '../../client/types.ts';

/**
 * The members of one cluster, by pod name. A call that takes `names` works with any member that forwards it to the
 * leader: the members are tried in turn. Every call has a deadline. Except for `isOpening`, every call throws the
 * client's `QuorateError`, with a code of docs/http-api.md or of the client itself.
 */
export interface Members {
  status(name: string): Promise<ApiStatus>;
  /** Whether the member is alive but still opens its data; until then only its health port answers. Never rejects. */
  isOpening(name: string): Promise<boolean>;
  /** Reads the Raft configuration (the list of members) linearizably, which needs a quorum. */
  cluster(names: readonly string[]): Promise<ApiCluster>;
  bootstrap(name: string, record: ApiBootstrap): Promise<ApiBootstrap>;
  join(name: string, record: ApiJoin): Promise<void>;
  recover(name: string, record: ApiRecover): Promise<void>;
  addMember(names: readonly string[], member: ApiAddMember): Promise<ApiAddMemberAnswer>;
  promote(names: readonly string[], id: number, expected: ApiExpected): Promise<ApiConfigAnswer>;
  remove(names: readonly string[], id: number, expected: ApiExpected): Promise<ApiConfigAnswer>;
  replaceVoters(names: readonly string[], target: ApiReplaceVoters): Promise<ApiConfigAnswer>;
  /**
   * Call this before all members are stopped: for a minute, the preStop hook of this one does not wait for the quorum.
   */
  stopTogether(name: string): Promise<void>;
  transferLeader(names: readonly string[], to: number): Promise<void>;
}
