/** A three-member etcd, with etcd's own defaults: it syncs every write. */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePorts } from '../../test/free-ports.ts';
import { endProcess } from '../../test/processes/end-process.ts';
import { leaderOf, type MemberProcess, type System } from './member-process.ts';

const SIZE = 3;

export const etcd: System = {
  name: 'etcd',
  start: async () => {
    const folder = await mkdtemp(join(tmpdir(), 'etcd-'));
    const firstPort = await freePorts(2 * SIZE);
    const names = Array.from({ length: SIZE }, (_, n) => `e${n + 1}`);
    const peerUrl = (n: number): string => `http://127.0.0.1:${firstPort + SIZE + n}`;
    const members = names.map((name, n): MemberProcess => {
      const client = `http://127.0.0.1:${firstPort + n}`;
      const launch = (): ChildProcess =>
        spawn(
          'etcd',
          [
            `--name=${name}`,
            `--data-dir=${join(folder, name)}`,
            `--listen-client-urls=${client}`,
            `--advertise-client-urls=${client}`,
            `--listen-peer-urls=${peerUrl(n)}`,
            `--initial-advertise-peer-urls=${peerUrl(n)}`,
            `--initial-cluster=${names.map((other, i) => `${other}=${peerUrl(i)}`).join(',')}`,
            '--quota-backend-bytes=8589934592',
            '--log-level=error',
          ],
          { stdio: 'ignore' },
        );
      let process = launch();
      return {
        endpoint: `127.0.0.1:${firstPort + n}`,
        process: () => process,
        restart: () => {
          process = launch();
        },
      };
    });
    const stop = async (): Promise<void> => {
      await Promise.all(members.map((member) => endProcess(member.process())));
      await rm(folder, { recursive: true, force: true });
    };
    try {
      await leaderOf({ members, stop });
    } catch (error) {
      await stop();
      throw error;
    }
    return { members, stop };
  },
};
