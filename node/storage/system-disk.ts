/**
 * `Disk` on the real file system. Everything runs on libuv's threads, so that a slow disk never delays heartbeats; but for
 * small writes and their syncs, which the main thread does itself while the disk is fast (disk-pace.ts).
 */
import { fdatasyncSync, writeSync, writevSync } from 'node:fs';
import { type FileHandle, mkdir, open, readdir, rename, rm, statfs, unlink } from 'node:fs/promises';
import type { Disk, DiskFile } from './disk.ts';
import { DiskPace } from './disk-pace.ts';

/** What holds up the main thread, and how long. */
export type BlockingCalls = {
  /** How many bytes the disk took. */
  write(fd: number, chunks: readonly Uint8Array[], position: number): number;
  sync(fd: number): void;
  nowMs(): number;
};

const KERNEL: BlockingCalls = {
  write: (fd, chunks, position) =>
    chunks.length === 1
      ? writeSync(fd, chunks[0]!, 0, chunks[0]!.length, position)
      : writevSync(fd, chunks as Uint8Array[], position),
  sync: fdatasyncSync,
  nowMs: () => performance.now(),
};

const OPEN_FLAGS = { read: 'r', write: 'r+', create: 'wx+' } as const;

/** @param blocking other than the kernel's for tests of disks that stall */
export function createSystemDisk(blocking: BlockingCalls = KERNEL): Disk {
  // One for all files: a member's log and its records lie on one disk.
  const pace = new DiskPace();
  return {
    open: async (path, mode) => new SystemFile(await open(path, OPEN_FLAGS[mode]), pace, blocking),
    list: async (folder) => (await readdir(folder)).sort(),
    rename,
    remove: unlink,
    removeFolder: (folder) => rm(folder, { recursive: true, force: true }),
    makeFolder: async (folder) => void (await mkdir(folder, { recursive: true })),
    syncFolder: async (folder) => {
      const handle = await open(folder, 'r');
      try {
        await handle.sync();
      } finally {
        await handle.close();
      }
    },
    freeBytes: async (folder) => {
      const { bavail, bsize } = await statfs(folder);
      return bavail * bsize;
    },
  };
}

export const systemDisk: Disk = createSystemDisk();

/** What a fast disk has synced before another thread would have begun. */
const SMALL_BYTES = 128 * 1024;

class SystemFile implements DiskFile {
  readonly #handle: FileHandle;
  readonly #pace: DiskPace;
  readonly #blocking: BlockingCalls;
  #unsyncedBytes = 0;
  /** Whether the main thread does what is written until the next sync. */
  #isHere = false;
  /** How long it was held up by that so far: a disk may stall in a write as well as in its sync. */
  #heldUpMs = 0;

  constructor(handle: FileHandle, pace: DiskPace, blocking: BlockingCalls) {
    this.#handle = handle;
    this.#pace = pace;
    this.#blocking = blocking;
  }

  async write(chunks: readonly Uint8Array[], position: number): Promise<void> {
    const isFirst = this.#unsyncedBytes === 0;
    for (const chunk of chunks) this.#unsyncedBytes += chunk.length;
    const isSmall = this.#unsyncedBytes <= SMALL_BYTES;
    if (isFirst) this.#isHere = isSmall && this.#pace.takesNextHere();
    else if (!isSmall) this.#isHere = false;
    let rest = chunks;
    let at = position;
    while (rest.length > 0) {
      const bytesWritten = this.#isHere ? this.#writeHere(rest, at) : await this.#writeAway(rest, at);
      at += bytesWritten;
      rest = withoutFirst(rest, bytesWritten);
      if (bytesWritten === 0 && rest.length > 0) throw new Error(`the disk took nothing of a write at byte ${at}`);
    }
  }

  async read(position: number, length: number): Promise<Buffer> {
    const buffer = Buffer.allocUnsafeSlow(length);
    let filled = 0;
    while (filled < length) {
      const { bytesRead } = await this.#handle.read(buffer, filled, length - filled, position + filled);
      if (bytesRead === 0) break;
      filled += bytesRead;
    }
    return buffer.subarray(0, filled);
  }

  async sync(): Promise<void> {
    const isHere = this.#isHere;
    this.#isHere = false;
    this.#unsyncedBytes = 0;
    if (isHere) this.#holdUp(() => this.#blocking.sync(this.#handle.fd));
    if (isHere || this.#heldUpMs > 0) this.#pace.tookHere(this.#heldUpMs);
    this.#heldUpMs = 0;
    if (!isHere) await this.#handle.datasync();
  }

  truncate(size: number): Promise<void> {
    return this.#handle.truncate(size);
  }

  async size(): Promise<number> {
    return (await this.#handle.stat()).size;
  }

  close(): Promise<void> {
    return this.#handle.close();
  }

  #writeHere(chunks: readonly Uint8Array[], position: number): number {
    return this.#holdUp(() => this.#blocking.write(this.#handle.fd, chunks, position));
  }

  #holdUp<T>(call: () => T): T {
    const startedMs = this.#blocking.nowMs();
    const result = call();
    this.#heldUpMs += this.#blocking.nowMs() - startedMs;
    return result;
  }

  async #writeAway(chunks: readonly Uint8Array[], position: number): Promise<number> {
    const first = chunks[0]!;
    const { bytesWritten } =
      chunks.length === 1
        ? await this.#handle.write(first, 0, first.length, position)
        : await this.#handle.writev(chunks as Uint8Array[], position);
    return bytesWritten;
  }
}

/** What is left to write after a short write; empty chunks fall away. */
function withoutFirst(chunks: readonly Uint8Array[], bytes: number): readonly Uint8Array[] {
  let left = bytes;
  let first = 0;
  while (first < chunks.length && chunks[first]!.length <= left) left -= chunks[first++]!.length;
  if (left === 0) return chunks.slice(first);
  return [chunks[first]!.subarray(left), ...chunks.slice(first + 1)];
}
