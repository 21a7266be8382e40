/**
 * Every member as this one sees it now, for the page at /ui. This member asks the others for their status, so that
 * the page needs to reach only the member that served it (through a proxy, say, or kubectl port-forward), and no
 * member has to let pages of other origins read from it. Asked only while someone looks, once for all viewers.
 */
import type { ApiClusterView, ApiMemberView, ApiStatus } from '../../client/types.ts';
import type { Member } from '../server/types.ts';

/** Longer than the interval between views: a member that is slow to answer is not yet one that is gone. */
const statusTimeoutMs = 1500;

export class ClusterView {
  readonly #member: Member;
  readonly #statusOf: (clientUrl: string, timeoutMs: number) => Promise<ApiStatus>;
  readonly #intervalMs: number;
  readonly #viewers = new Set<(view: ApiClusterView) => void>();
  /** The last that was heard of each other member, by its client URL. */
  readonly #heard = new Map<string, { status: ApiStatus } | { error: string }>();
  readonly #asking = new Set<string>();
  #timer: NodeJS.Timeout | null = null;
  #isLooking = false;

  constructor(
    member: Member,
    statusOf: (clientUrl: string, timeoutMs: number) => Promise<ApiStatus>,
    intervalMs: number,
  ) {
    this.#member = member;
    this.#statusOf = statusOf;
    this.#intervalMs = intervalMs;
  }

  /** Calls back at once and then at each interval. Returns how to stop that. */
  watch(viewer: (view: ApiClusterView) => void): () => void {
    this.#viewers.add(viewer);
    this.#timer ??= setInterval(() => void this.#look(), this.#intervalMs);
    void this.#look();
    return () => {
      this.#viewers.delete(viewer);
      if (this.#viewers.size > 0 || this.#timer === null) return;
      clearInterval(this.#timer);
      this.#timer = null;
      this.#heard.clear();
    };
  }

  async #look(): Promise<void> {
    if (this.#isLooking) return;
    this.#isLooking = true;
    try {
      const own = await this.#member.status();
      const view: ApiClusterView = { time_ms: Date.now(), members: this.#membersOf(own) };
      for (const viewer of [...this.#viewers]) viewer(view);
    } catch {
      // A member that cannot tell its own status is on its way out; its viewers see the stream end.
    } finally {
      this.#isLooking = false;
    }
  }

  #membersOf(own: ApiStatus): ApiMemberView[] {
    const self: ApiMemberView = { name: own.name, client_url: own.client_url, is_self: true, status: own };
    if (own.member_id !== undefined) self.id = own.member_id;
    const others = (own.members ?? []).filter((member) => member.incarnation !== own.incarnation);
    const views = others.map((member): ApiMemberView => {
      const view: ApiMemberView = { id: member.id, name: member.name, is_self: false };
      if (member.client_url === undefined) return { ...view, error: 'not connected yet' };
      this.#ask(member.client_url);
      return { ...view, client_url: member.client_url, ...this.#heard.get(member.client_url) };
    });
    return [self, ...views].sort((a, b) => (a.id ?? 0) - (b.id ?? 0));
  }

  #ask(clientUrl: string): void {
    if (this.#asking.has(clientUrl)) return;
    this.#asking.add(clientUrl);
    this.#statusOf(clientUrl, statusTimeoutMs)
      .then(
        (status) => this.#heard.set(clientUrl, { status }),
        (error: unknown) =>
          this.#heard.set(clientUrl, { error: error instanceof Error ? error.message : String(error) }),
      )
      .finally(() => this.#asking.delete(clientUrl));
  }
}
