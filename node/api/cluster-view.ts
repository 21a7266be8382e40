/**
 * Every member as this one sees it now, for the page at /ui. This member asks the others for their status, so that
 * the page needs to reach only the member that served it (through a proxy, say, or kubectl port-forward), and no
 * member has to let pages of other origins read from it. Asked only while someone looks, once for all viewers.
 */
import { setTimeout } from 'node:timers/promises';
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
  readonly #asking = new Map<string, Promise<void>>();
  /** Client URLs of the others, as the last status had them. */
  #others: readonly string[] = [];
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

  /** Calls back soon and then at each interval. Returns how to stop that. */
  watch(viewer: (view: ApiClusterView) => void): () => void {
    this.#viewers.add(viewer);
    this.#timer ??= setInterval(() => void this.look(), this.#intervalMs);
    void this.look();
    return () => {
      this.#viewers.delete(viewer);
      if (this.#viewers.size > 0 || this.#timer === null) return;
      clearInterval(this.#timer);
      this.#timer = null;
      this.#heard.clear();
    };
  }

  /** Out of turn, when something has happened. */
  async look(): Promise<void> {
    if (this.#isLooking || this.#viewers.size === 0) return;
    this.#isLooking = true;
    try {
      // All at the same time, or this member would always seem to be ahead of the others.
      const answers = Promise.all(this.#others.map((clientUrl) => this.#ask(clientUrl)));
      const own = await this.#member.status();
      await Promise.race([answers, setTimeout(this.#intervalMs / 2, undefined, { ref: false })]);
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
    this.#others = others.flatMap(({ client_url }) => client_url ?? []);
    const views = others.map(({ id, name, client_url }): ApiMemberView => {
      const view: ApiMemberView = { id, name, is_self: false };
      if (client_url === undefined) return { ...view, error: 'not connected yet' };
      return { ...view, client_url, ...this.#heard.get(client_url) };
    });
    return [self, ...views].sort((a, b) => (a.id ?? 0) - (b.id ?? 0));
  }

  /** One question at a time to each: a member that is slow to answer is not asked more. */
  #ask(clientUrl: string): Promise<void> {
    const underWay = this.#asking.get(clientUrl);
    if (underWay !== undefined) return underWay;
    const asking = this.#statusOf(clientUrl, statusTimeoutMs)
      .then(
        (status) => void this.#heard.set(clientUrl, { status }),
        (error: unknown) =>
          void this.#heard.set(clientUrl, { error: error instanceof Error ? error.message : String(error) }),
      )
      .finally(() => this.#asking.delete(clientUrl));
    this.#asking.set(clientUrl, asking);
    return asking;
  }
}
