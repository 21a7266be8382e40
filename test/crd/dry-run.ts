/** Asks a real API server what it would make of an object: validated and defaulted, and not stored. */
import type { ApiServer } from '../../operator/kube/api-server.ts';
import { systemClock } from '../../operator/kube/clock.ts';
import { Connection } from '../../operator/kube/connection.ts';
import { objectPath } from '../../operator/kube/paths.ts';
import { Requests } from '../../operator/kube/requests.ts';
import { Throttle } from '../../operator/kube/throttle.ts';
import type { Kind, KubeObject } from '../../operator/kube/types.ts';

export class DryRun {
  readonly #connection: Connection;
  readonly #requests: Requests;

  constructor(server: ApiServer) {
    this.#connection = new Connection(server, 'quorate-test');
    this.#requests = new Requests({
      connection: this.#connection,
      clock: systemClock,
      throttle: new Throttle({ perSecond: 1000, burst: 1000 }),
      deadlineMs: 10_000,
      observer: { requestEnded: () => {}, throttled: () => {} },
    });
  }

  /** As the operator applies. Rejects with KubeError. */
  async apply<T extends KubeObject>(kind: Kind<T>, object: T): Promise<T> {
    const { name = '', namespace = '' } = object.metadata ?? {};
    const { apiVersion, kind: kindName } = kind;
    const answer = await this.#requests.json(
      {
        verb: 'apply',
        kind: kindName,
        object: name,
        method: 'PATCH',
        path: `${objectPath(kind, { namespace, name })}?fieldManager=quorate&force=true&dryRun=All`,
        body: {
          type: 'application/apply-patch+yaml',
          content: JSON.stringify({ ...object, apiVersion, kind: kindName }),
        },
      },
      {},
    );
    return answer as T;
  }

  close(): Promise<void> {
    return this.#connection.close();
  }
}
