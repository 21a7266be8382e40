/**
 * One simulated machine: a disk, clocks and an address that last, and the member's process on it, which does not.
 * The process is the production code from the driver down; only what it stands on is simulated.
 */

import { describeState, initializeState } from '../../node/server/initial-state.ts';
import { LocalMember } from '../../node/server/member.ts';
import { openDataFolder } from '../../node/storage/data-folder.ts';
import type { DataFolder } from '../../node/storage/types.ts';
import type { Store } from '../../node/store/store.ts';
import { processClock, SkewedTime } from './clock.ts';
import { SimulatedDisk } from './disk.ts';
import { openModelEngine } from './engine.ts';
import { Life } from './life.ts';
import { type Heritage, LogMirror, type ReceivedState } from './log-mirror.ts';
import { memberOptions } from './member-options.ts';
import type { SimulatedNetwork } from './network.ts';
import { observedFolder } from './observed-folder.ts';
import type { Observers } from './observers.ts';
import type { Plan } from './plan.ts';
import type { Random } from './random.ts';
import type { World } from './world.ts';

export type ProcessState = {
  readonly life: Life;
  readonly number: number;
  member: LocalMember | null;
  folder: DataFolder | null;
  /** Of the membership that it began with. */
  firstConfigIndex: number | null;
  /** Batches of the engine that were looked at. */
  seenWriteCount: number;
  /** The store that was looked at. */
  seenStore: Store | null;
};

export class Machine {
  readonly name: string;
  readonly address: string;
  readonly disk: SimulatedDisk;
  readonly time: SkewedTime;
  readonly #world: World;
  readonly #plan: Plan;
  readonly #network: SimulatedNetwork;
  readonly #observers: Observers;
  readonly #random: Random;
  #process: ProcessState | null = null;
  #processCount = 0;
  mirror: LogMirror = new LogMirror();
  #received = new Map<string, ReceivedState>();
  /** The id that it last had in the cluster. */
  lastMemberId: number | null = null;
  /** The cluster that it last belonged to, by its disk. */
  clusterId: string | null = null;
  /** What it was told to make a new cluster of, and that one's id. */
  heritage: (Heritage & { readonly clusterId: string }) | null = null;
  /** Comes back from a cluster that was given up: nobody has emptied its disk yet. */
  isLeftOver = false;
  /** As last told to anyone: it must not change while the disk stays. */
  incarnation: string | null = null;
  /** The disk has bits that the member cannot know to be wrong until it reads them. */
  isDamaged = false;
  /** The disk was told to run full or to fail a sync. */
  mayDiskFail = false;
  /** Stays off: its supervisor has given up, or it is not wanted yet. */
  mayRun = true;

  constructor(world: World, plan: Plan, network: SimulatedNetwork, observers: Observers, name: string) {
    this.#world = world;
    this.#plan = plan;
    this.#network = network;
    this.#observers = observers;
    this.name = name;
    this.address = `${name}:2380`;
    this.#random = world.random.fork(this.name);
    const skew = this.#random.fork('skew');
    const rate = 1 + skew.between(-plan.clockRateSpread, plan.clockRateSpread);
    this.time = new SkewedTime(world.scheduler, rate);
    this.disk = new SimulatedDisk(world.scheduler, this.#random.fork('disk'), plan.disk);
    this.disk.onNote = (what) => this.#note(what);
  }

  get process(): ProcessState | null {
    return this.#process;
  }

  /** The member in the running process; null while that is starting, or not there. */
  get member(): LocalMember | null {
    return this.#process?.member ?? null;
  }

  get memberId(): number | null {
    return this.member?.replica?.id ?? null;
  }

  start(): void {
    if (this.#process !== null || !this.mayRun) return;
    const life = new Life(this.#world.scheduler);
    const process: ProcessState = {
      life,
      number: ++this.#processCount,
      member: null,
      folder: null,
      firstConfigIndex: null,
      seenWriteCount: -1,
      seenStore: null,
    };
    this.#process = process;
    this.#note(`starts process ${process.number}`);
    const random = this.#random.fork(`process ${process.number}`);
    const onFatal = (error: unknown): void => this.#ended(process, error);
    LocalMember.start({
      options: memberOptions(this.#plan, this.name, this.address),
      openFolder: () => this.#openFolder(process, random.fork('folder')),
      createNetwork: () => this.#network.join(life, this.address),
      clock: processClock(this.time, life, random.fork('clock')),
      random: () => random.unit(),
      observer: this.#observers.memberObserver(this),
      onFatal,
    }).then((member) => {
      if (!life.isAlive) return;
      process.member = member;
      this.#note(`is ${member.phase.state}`);
      this.#observers.started(this, member);
    }, onFatal);
  }

  /** kill -9: the kernel goes on. */
  kill(): void {
    const process = this.#die('killed');
    if (process === null) return;
    this.#network.loseProcess(this.address);
    this.disk.loseProcess();
  }

  losePower(): void {
    const process = this.#die('without power');
    if (process === null) return;
    this.#network.losePower(this.address);
    this.disk.losePower();
  }

  /** The member stops as on SIGTERM; the process then ends. */
  async stop(): Promise<void> {
    const process = this.#process;
    if (process?.member == null) return;
    this.#note('is told to stop');
    await process.member.stop();
    if (this.#process === process) this.kill();
  }

  /** What a tool reads and writes on it while no member runs. */
  openFolder(life: Life, random: Random): Promise<DataFolder> {
    return openDataFolder({
      disk: this.disk.mount(life),
      folder: DATA_FOLDER,
      openEngine: (path) => openModelEngine(this.disk, life, path, isInCommon),
      initializeState,
      describeState,
      drawIncarnation: () => random.hex(32),
      maxLogSegmentBytes: this.#plan.maxLogSegmentBytes,
    });
  }

  /** Off, and with a new empty disk. */
  wipe(): void {
    this.losePower();
    this.disk.wipe();
    this.mirror = new LogMirror();
    this.#received = new Map();
    this.incarnation = null;
    this.clusterId = null;
    this.heritage = null;
    this.isLeftOver = false;
    this.isDamaged = false;
  }

  async #openFolder(process: ProcessState, random: Random): Promise<DataFolder> {
    const folder = await this.openFolder(process.life, random);
    this.#observers.opened(this, folder);
    process.folder = observedFolder(folder, this.mirror, this.#received, {
      appending: (entries) => this.#observers.appending(this, entries),
      recovering: ({ clusterId }, tail) => {
        this.#world.check(clusterId !== this.clusterId, () => `${this.name} begins a second cluster ${clusterId}`);
        if (tail.length > 0) this.#world.count('a tail is taken over');
        this.heritage = { clusterId, ...this.mirror.takingOver(tail) };
      },
    });
    return process.folder;
  }

  #ended(process: ProcessState, error: unknown): void {
    if (this.#process !== process) return;
    const message = error instanceof Error ? error.message : String(error);
    this.#note(`ends itself: ${message}`);
    this.#observers.endedItself(this, error);
    this.kill();
  }

  #die(how: string): ProcessState | null {
    const process = this.#process;
    if (process === null) return null;
    // An answer may have left in this very step, before the end.
    this.#observers.dying(this);
    this.#note(`dies, ${how}`);
    this.#process = null;
    process.life.kill();
    return process;
  }

  #note(what: string): void {
    this.#world.trace.add(`${this.name} ${what}`);
  }
}

/** History is cleared away by each member at its own pace, everything else is the same on all. */
function isInCommon(rowKey: string): boolean {
  return rowKey[0] !== 'h' && rowKey[0] !== 'i' && rowKey !== 'mcompaction';
}

export const DATA_FOLDER = '/var/lib/quorate';
