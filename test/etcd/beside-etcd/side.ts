/**
 * One of the two that are compared: takes requests whose revisions are written as distances from where the run began, and
 * gives answers in which revisions are such distances again, so that runs are alike whatever has been before.
 */
import { GrpcClient, type GrpcStream, type Message } from '../../../node/etcd/testing/grpc-client.ts';

/** In a request: a revision, so far after the first of the run. */
export type At = { readonly at: number };

/** Which methods a request is for, as `KV/Range`, and its type. */
export type Request = { readonly path: string; readonly type: string; readonly message: Message };

export type Answer = { readonly error: string } | { readonly message: unknown };

const REVISIONS: ReadonlySet<string> = new Set([
  'revision',
  'create_revision',
  'mod_revision',
  'compact_revision',
  'hash_revision',
]);

/** Of no meaning to the other side; a role that is granted twice is a change here and none in etcd. */
const NAMELESS: ReadonlySet<string> = new Set(['cluster_id', 'member_id', 'raft_term', 'authRevision']);

export class Side {
  readonly client: GrpcClient;
  base = 0n;

  static async connect(url: string): Promise<Side> {
    // Nothing of a test's context is used but its end; the connection ends with the process at the other end.
    const context = { after: () => undefined } as unknown as Parameters<typeof GrpcClient.connect>[0];
    return new Side(await GrpcClient.connect(context, url));
  }

  private constructor(client: GrpcClient) {
    this.client = client;
  }

  close(): void {
    this.client.session.destroy();
  }

  async ask({ path, type, message }: Request, token?: string): Promise<Answer> {
    const outcome = await this.client.outcome(
      `/etcdserverpb.${path}`,
      typesOf(type),
      this.absolute(message),
      token === undefined ? {} : { token },
    );
    if (outcome.code !== 0) return { error: `${outcome.code} ${outcome.message}` };
    return { message: this.relative(outcome.replies[0]) };
  }

  /** As it came. @throws Error when it fails */
  async raw(path: string, type: string, message: Message, token?: string): Promise<Message> {
    const outcome = await this.client.outcome(
      `/etcdserverpb.${path}`,
      typesOf(type),
      message,
      token === undefined ? {} : { token },
    );
    if (outcome.code !== 0) throw new Error(`${path}: ${outcome.code} ${outcome.message}`);
    return outcome.replies[0]!;
  }

  watch(): GrpcStream {
    return this.client.open('/etcdserverpb.Watch/Watch', typesOf('WatchRequest'));
  }

  absolute(message: Message): Message {
    return mapped(message, (_name, value) => (isAt(value) ? this.base + BigInt(value.at) : undefined)) as Message;
  }

  relative(message: unknown): unknown {
    return mapped(message, (name, value) => {
      if (Buffer.isBuffer(value)) return value.toString('latin1');
      if (NAMELESS.has(name)) return value !== 0n;
      if (typeof value !== 'bigint') return undefined;
      return REVISIONS.has(name) && value !== 0n ? `+${value - this.base}` : String(value);
    });
  }
}

function typesOf(type: string): readonly [string, string] {
  return [`etcdserverpb.${type}`, `etcdserverpb.${type.replace(/Request$/, 'Response')}`];
}

function isAt(value: unknown): value is At {
  return typeof value === 'object' && value !== null && Object.hasOwn(value, 'at');
}

/** @param change undefined: to be looked into, or left as it is */
function mapped(value: unknown, change: (name: string, value: unknown) => unknown, name = ''): unknown {
  const changed = change(name, value);
  if (changed !== undefined) return changed;
  if (Array.isArray(value)) return value.map((item) => mapped(item, change, name));
  if (typeof value !== 'object' || value === null || Buffer.isBuffer(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, mapped(item, change, key)]));
}
