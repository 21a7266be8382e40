/** The folders of applied states, `state-N`: the current one, and others that are being made or removed. */
import { join } from 'node:path';
import type { Engine } from '../store/engine.ts';
import type { Disk } from './disk.ts';
import type { StagedState } from './incoming-snapshot.ts';

const NAME = /^state-(\d+)$/;

export class StateFolders {
  readonly #disk: Disk;
  readonly #folder: string;
  readonly #openEngine: (path: string) => Promise<Engine>;
  #lastNumber: number;

  /** @param present those that there are: a number is never used again while one of them has it */
  constructor(disk: Disk, folder: string, openEngine: (path: string) => Promise<Engine>, present: readonly string[]) {
    this.#disk = disk;
    this.#folder = folder;
    this.#openEngine = openEngine;
    this.#lastNumber = Math.max(0, ...present.map((name) => Number(NAME.exec(name)?.[1])));
  }

  pathOf(name: string): string {
    return join(this.#folder, name);
  }

  open(name: string): Promise<Engine> {
    return this.#openEngine(this.pathOf(name));
  }

  /** An empty one, under a new name. */
  async stage(): Promise<StagedState> {
    const stateFolder = `state-${++this.#lastNumber}`;
    await this.#disk.makeFolder(this.pathOf(stateFolder));
    await this.#disk.syncFolder(this.#folder);
    const engine = await this.open(stateFolder);
    const drop = async (): Promise<void> => {
      await engine.close();
      await this.remove([stateFolder]);
    };
    return { engine, stateFolder, drop };
  }

  async remove(names: readonly string[]): Promise<void> {
    for (const name of names) await this.#disk.removeFolder(this.pathOf(name));
    if (names.length > 0) await this.#disk.syncFolder(this.#folder);
  }
}

/** Those of the names in a data folder that are state folders. */
export function stateFoldersAmong(names: readonly string[]): string[] {
  return names.filter((name) => NAME.test(name));
}
