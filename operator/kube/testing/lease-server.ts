/**
 * A Lease that several processes use, each over an unreliable network of its own. The test decides when each request
 * arrives and when it is answered: a request that its sender has given up may still be carried out.
 */
import { startDeadline } from '../deadline.ts';
import { KubeError } from '../errors.ts';
import type { Lease } from '../kinds.ts';
import type { Clock, KubeApi, Preconditions, RequestOptions, Stored } from '../types.ts';

export interface Call {
  readonly who: string;
  readonly verb: 'get' | 'create' | 'patch';
  /** The request arrives and is carried out; its answer is still under way. */
  readonly arrive: () => void;
  /** The answer arrives at the sender, if the request has been carried out. */
  readonly answer: () => void;
  /** The connection is lost: the sender sees an error, but the request may still arrive and be carried out. */
  readonly lose: () => void;
}

export class LeaseServer {
  lease: Stored<Lease> | null = null;
  /** The calls under way, oldest first. */
  readonly calls: Call[] = [];
  #version = 0;

  get holder(): string | undefined {
    return this.lease?.spec?.holderIdentity;
  }

  /** The API client of one process. */
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

  /** Carries out and answers all calls under way, except those of one process; returns their number. */
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
