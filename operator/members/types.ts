/** What the operator asks of members, slot by slot; `http-members.ts` does it over HTTP, the simulation in memory. */
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
 * One cluster's members, by pod name. Calls that need a leader go through any of `names` that answers. Every call has a
 * deadline; errors are the client's `QuorateError` with the codes of docs/http-api.md and of the client itself.
 */
export interface Members {
  status(name: string): Promise<ApiStatus>;
  /** Whether it is alive and still opens its data, which it says on the health port alone. Never rejects. */
  isOpening(name: string): Promise<boolean>;
  /** Reads the configuration linearizably. */
  cluster(names: readonly string[]): Promise<ApiCluster>;
  bootstrap(name: string, record: ApiBootstrap): Promise<ApiBootstrap>;
  join(name: string, record: ApiJoin): Promise<void>;
  recover(name: string, record: ApiRecover): Promise<void>;
  addMember(names: readonly string[], member: ApiAddMember): Promise<ApiAddMemberAnswer>;
  promote(names: readonly string[], id: number, expected: ApiExpected): Promise<ApiConfigAnswer>;
  remove(names: readonly string[], id: number, expected: ApiExpected): Promise<ApiConfigAnswer>;
  replaceVoters(names: readonly string[], target: ApiReplaceVoters): Promise<ApiConfigAnswer>;
  /** To be told before all members are stopped: this one then waits for no quorum. */
  stopTogether(name: string): Promise<void>;
  transferLeader(names: readonly string[], to: number): Promise<void>;
}
