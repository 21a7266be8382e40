/**
 * A Lease as several processes see it, each over a network of its own that delays, loses and delivers late: a request
 * that its sender gave up may still be done.
 */
import { startDeadline } from '../deadline.ts';
import { KubeError } from '../errors.ts';
import type { Lease } from '../kinds.ts';
import type { Clock, KubeApi, Preconditions, RequestOptions, Stored } from '../types.ts';

export interface Call {
  readonly who: string;
  readonly verb: 'get' | 'create' | 'patch';
  /** Does it at the API server, and keeps the answer under way. */
  readonly arrive: () => void;
  /** Brings the answer, if there is one already. */
  readonly answer: () => void;
  /** The connection is lost: the sender hears so, what arrives later is done nevertheless. */
  readonly lose: () => void;
}

export class LeaseServer {
  lease: Stored<Lease> | null = null;
  /** Under way, oldest first. */
  readonly calls: Call[] = [];
  #version = 0;

  get holder(): string | undefined {
    return this.lease?.spec?.holderIdentity;
  }

  /** The API as one process sees it. */
  apiOf(who: string, clock: Clock): KubeApi {
    const ask = <R>(verb: Call['verb'], options: RequestOptions | undefined, run: () => R): Promise<R> =>
      this.#call(who, verb, clock, options, run);
    const api: Pick<KubeApi, 'get' | 'create' | 'patch'> = {
      get: (_kind, _name, options) => ask('get', options, () => this.lease as never),
      create: (_kind, object, options) =>
        ask('create', options, () => {
          if (this.lease !== null) throw new KubeError('AlreadyExists', 'create Lease: exists');
          return this.#store({ ...(object as Lease) }) as never;
        }),
      patch: (_kind, _name, change, options) => {
        const { spec } = change as { spec: NonNullable<Lease['spec']> };
        return ask('patch', options, () => {
          if (this.lease === null) throw new KubeError('NotFound', 'patch Lease: not there');
          const { resourceVersion } = options as Preconditions;
          if (resourceVersion !== this.lease.metadata.resourceVersion) throw new KubeError('Conflict', 'patch Lease');
          return this.#store({ ...this.lease, spec }) as never;
        });
      },
    };
    return api as KubeApi;
  }

  /** Does and answers all that is under way, but for one process; how many that were. */
  settleAll(except?: string): number {
    const settled = this.calls.filter(({ who }) => who !== except);
    for (const call of settled) {
      call.arrive();
      call.answer();
    }
    return settled.length;
  }

  #store(lease: Lease): Stored<Lease> {
    this.#version += 1;
    const metadata = { namespace: 'ns', name: 'operator', uid: 'u', resourceVersion: String(this.#version) };
    this.lease = { ...lease, apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', metadata };
    return this.lease;
  }

  #call<R>(
    who: string,
    verb: Call['verb'],
    clock: Clock,
    options: RequestOptions | undefined,
    run: () => R,
  ): Promise<R> {
    return new Promise((resolve, reject) => {
      const deadline = startDeadline(clock, options?.deadlineMs ?? 10_000, options?.signal, `${who} ${verb}`);
      deadline.signal.addEventListener('abort', () => reject(deadline.signal.reason as KubeError));
      let outcome: (() => void) | null = null;
      let isLost = false;
      const end = () => {
        deadline.close();
        this.calls.splice(this.calls.indexOf(call), 1);
      };
      const call: Call = {
        who,
        verb,
        arrive: () => {
          if (outcome !== null) return;
          try {
            const result = run();
            outcome = () => resolve(result);
          } catch (error) {
            outcome = () => reject(error as KubeError);
          }
          if (isLost) end();
        },
        answer: () => {
          if (outcome === null || isLost) return;
          outcome();
          end();
        },
        lose: () => {
          isLost = true;
          reject(new KubeError('Unreachable', `${who} ${verb}: cut`));
          if (outcome !== null) end();
        },
      };
      this.calls.push(call);
    });
  }
}
