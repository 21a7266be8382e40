/** A three-member Quorate, with its own defaults: it syncs every write. */
import { LocalCluster } from '../../test/processes/local-cluster.ts';
import { leaderOf, type System } from './member-process.ts';

export const quorate: System = {
  name: 'Quorate',
  start: async () => {
    const cluster = await LocalCluster.form(3);
    const running = {
      members: cluster.members.map((member) => ({
        endpoint: `127.0.0.1:${member.port}`,
        process: () => member.process,
        restart: () => cluster.restart(member),
      })),
      stop: () => cluster.remove(),
    };
    await leaderOf(running);
    return running;
  },
};
