/** `GET /v1/events`: what happens to the cluster, live, as Server-Sent Events; the page at /ui is fed by it. */
import type { ApiMemberEvent } from '../../client/types.ts';
import type { MemberEvent } from '../server/types.ts';
import { EventStream, eventFrame } from './event-stream.ts';
import type { Exchange } from './exchange.ts';

const noParameters: ReadonlySet<string> = new Set();

export async function events(exchange: Exchange): Promise<void> {
  exchange.query(noParameters);
  const { member, clusterView } = exchange.api;
  const stops: (() => void)[] = [];
  const stream = new EventStream(exchange, {
    ended: () => {
      for (const stop of stops) stop();
    },
  });
  if (!stream.isOpen) return;
  stops.push(
    member.onEvent((event) => {
      void stream.send(eventFrame('member', memberEventToJson(event), null));
      void clusterView.look();
    }),
    clusterView.watch((view) => {
      // Each view is whole: a viewer that is behind misses nothing by not getting this one.
      if (!stream.isBlocked) void stream.send(eventFrame('cluster', view, null));
    }),
  );
}

function memberEventToJson(event: MemberEvent): ApiMemberEvent {
  const time_ms = Date.now();
  switch (event.kind) {
    case 'StateChanged':
      return {
        time_ms,
        kind: 'StateChanged',
        state: event.state,
        ...(event.reason === null ? {} : { reason: event.reason }),
      };
    case 'RoleChanged':
      return { time_ms, kind: 'RoleChanged', role: event.role, term: event.term, leader: event.leader };
    case 'ElectionStarted':
      return { time_ms, kind: 'ElectionStarted', term: event.term, reason: event.reason };
    case 'MembershipChanged':
      return {
        time_ms,
        kind: 'MembershipChanged',
        config_index: event.membership.configIndex,
        voters: [...event.membership.voters],
        members: event.membership.members.map(({ id }) => id),
      };
  }
}
