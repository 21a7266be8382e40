/**
 * How a member with an empty folder comes to its cluster when its own settings say how. The same calls that the command
 * line and the operator use, made by the member itself, over its own client port.
 */
import { createClient } from '../client/client.ts';
import { QuorateError } from '../client/errors.ts';
import { formCluster } from '../client/forming.ts';
import { type JoinProgress, joinCluster } from '../client/joining.ts';
import type { Formation } from './config/config.ts';
import type { Observer } from './server/observer.ts';

export type FormationOptions = {
  readonly formation: Formation;
  /** Client URL of this member. */
  readonly self: string;
  readonly token: string | undefined;
  readonly fetch: typeof globalThis.fetch | undefined;
  readonly log: Observer['log'];
  readonly signal: AbortSignal;
  /** Told once a second at most while the member catches up. */
  readonly onProgress: (progress: JoinProgress) => void;
};

/**
 * Resolves when the member belongs to its cluster. Members that are away are waited for.
 *
 * @throws {QuorateError} when it cannot belong to it; the message says what to do. The member stays parked.
 */
export async function carryOut(options: FormationOptions): Promise<void> {
  const { formation, self, signal, log } = options;
  const clientOf = (endpoints: readonly string[]) =>
    createClient({
      endpoints,
      ...(options.token === undefined ? {} : { token: options.token }),
      ...(options.fetch === undefined ? {} : { fetch: options.fetch }),
    });
  const onWait = (message: string): void => log('info', 'forming_waits', { message });
  switch (formation.kind) {
    case 'Wait':
      return;
    case 'InitialCluster': {
      const founders = formation.members.map(({ name, url }) => ({ name, endpoint: url }));
      await formCluster(clientOf(founders.map(({ endpoint }) => endpoint)), founders, { signal, onWait });
      return;
    }
    case 'Expect': {
      const endpoints = formation.urls.length === 0 ? [self] : formation.urls;
      if (endpoints.length !== formation.count) {
        throw new QuorateError(
          'invalid_request',
          `--bootstrap-expect ${formation.count} with ${endpoints.length} URLs in --join: list the client URLs of all ${formation.count}, this member's own among them`,
        );
      }
      await formCluster(
        clientOf(endpoints),
        endpoints.map((endpoint) => ({ endpoint })),
        { signal, onWait },
      );
      return;
    }
    case 'Join': {
      const replace = formation.replace === null ? {} : { replace: formation.replace };
      await joinCluster(clientOf(formation.urls), clientOf([self]), {
        signal,
        onProgress: options.onProgress,
        ...replace,
      });
    }
  }
}
