/**
 * What a member can do at best: one member inside this process, log and store on this machine's disk, called without
 * HTTP, protobuf or other members. What a cluster does less than this, its network and its peers cost.
 */

import { mkdtemp, rm } from 'node:fs/promises';
import { hostname, networkInterfaces, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { resolveAddresses } from '../node/addresses.ts';
import { parseConfig } from '../node/config/parse-config.ts';
import { memberOptions } from '../node/member-options.ts';
import { openFolder } from '../node/open-folder.ts';
import { systemClock } from '../node/server/clock.ts';
import { LocalMember } from '../node/server/member.ts';
import { silentObserver } from '../node/server/observer.ts';
import { rangeOf } from '../node/store/range-of.ts';
import type { Command } from '../node/store/types.ts';
import type { Network } from '../node/transport/types.ts';
import { Latencies } from './latencies.ts';
import { usageOf } from './process-usage.ts';
import { type Measured, SATURATED } from './report.ts';

export type Call = 'put' | 'read';

const TIMEOUT = { timeoutMs: 60_000 };

export class InProcessMember {
  readonly #folder: string;
  readonly #member: LocalMember;

  /** Resolves when it leads. */
  static async start(): Promise<InProcessMember> {
    const folder = await mkdtemp(join(tmpdir(), 'quorate-in-process-'));
    const config = parseConfig({ 'data-dir': folder, name: 'm1' }, {}, () => '');
    const addresses = resolveAddresses(config, { hostname: hostname(), interfaces: networkInterfaces() });
    const member = await LocalMember.start({
      options: memberOptions(config, addresses, 'in-process'),
      openFolder: () => openFolder(folder),
      createNetwork: () => nobody,
      clock: systemClock,
      random: Math.random,
      observer: silentObserver,
      onFatal: (error) => {
        throw error;
      },
    });
    const { incarnation } = await member.status();
    const self = { id: 1, name: 'm1', peerAddress: addresses.advertisePeer, incarnation };
    await member.bootstrap({ clusterId: '1', founders: [self], snapshotPath: null });
    await member.readBarrier(TIMEOUT);
    return new InProcessMember(folder, member);
  }

  private constructor(folder: string, member: LocalMember) {
    this.#folder = folder;
    this.#member = member;
  }

  /** A closed loop: each caller calls again when it has its answer. */
  async measure(
    call: Call,
    callers: number,
    measureMs: number,
    keys: readonly Buffer[],
    value: Buffer,
  ): Promise<Measured> {
    let sequence = 0;
    let isRunning = true;
    let latencies = new Latencies();
    const next = (): Promise<unknown> => {
      const key = keys[sequence++ % keys.length]!;
      return call === 'put'
        ? this.#member.propose(putOf(key, value), TIMEOUT)
        : this.#member.range(rangeOf({ key, rangeEnd: null }), { ...TIMEOUT, consistency: 'linearizable' });
    };
    const loop = async (): Promise<void> => {
      while (isRunning) {
        const startedMs = performance.now();
        await next();
        latencies.add(performance.now() - startedMs);
      }
    };
    const loops = Array.from({ length: callers }, loop);
    await sleep(Math.min(2000, measureMs / 2));
    latencies = new Latencies();
    const [before, startedMs] = [usageOf(process.pid), performance.now()];
    await sleep(measureMs);
    const seconds = (performance.now() - startedMs) / 1000;
    const after = usageOf(process.pid);
    const perSecond = latencies.count / seconds;
    isRunning = false;
    await Promise.all(loops);
    const cores = (after.cpuSeconds - before.cpuSeconds) / seconds;
    return {
      name: `${call === 'put' ? 'put' : 'linearizable read'}, one member in process`,
      clients: callers,
      perSecond,
      p50Ms: latencies.percentileMs(0.5),
      p99Ms: latencies.percentileMs(0.99),
      failures: 0,
      leaderCores: cores,
      memberCores: cores,
      loadCores: 0,
      maxResidentBytes: after.residentBytes,
      limit: cores > SATURATED ? 'the event loop' : 'the disk: callers wait',
    };
  }

  async remove(): Promise<void> {
    await this.#member.stop();
    await rm(this.#folder, { recursive: true });
  }
}

/** For a member without peers. */
const nobody: Network = {
  start: async () => {},
  setPeers: () => {},
  send: () => {},
  sendSnapshot: () => Promise.reject(new Error('there are no peers')),
  peers: () => [],
  close: async () => {},
};

function putOf(key: Buffer, value: Buffer): Command {
  return { kind: 'Put', key, value, lease: 0n, returnPrevious: false, ignoreValue: false, ignoreLease: false };
}
