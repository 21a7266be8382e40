/** `Disk` on the real file system. Everything runs on libuv's threads: a slow disk never delays heartbeats. */
import { type FileHandle, mkdir, open, readdir, rename, rm, statfs, unlink } from 'node:fs/promises';
import type { Disk, DiskFile } from './disk.ts';

const OPEN_FLAGS = { read: 'r', write: 'r+', create: 'wx+' } as const;

export const systemDisk: Disk = {
  open: async (path, mode) => new SystemFile(await open(path, OPEN_FLAGS[mode])),
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

class SystemFile implements DiskFile {
  readonly #handle: FileHandle;

  constructor(handle: FileHandle) {
    this.#handle = handle;
  }

  async write(chunks: readonly Uint8Array[], position: number): Promise<void> {
    let rest = chunks;
    let at = position;
    while (rest.length > 0) {
      const first = rest[0]!;
      const { bytesWritten } =
        rest.length === 1
          ? await this.#handle.write(first, 0, first.length, at)
          : await this.#handle.writev(rest as Uint8Array[], at);
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

  sync(): Promise<void> {
    return this.#handle.datasync();
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
}

/** What is left to write after a short write; empty chunks fall away. */
function withoutFirst(chunks: readonly Uint8Array[], bytes: number): readonly Uint8Array[] {
  let left = bytes;
  let first = 0;
  while (first < chunks.length && chunks[first]!.length <= left) left -= chunks[first++]!.length;
  if (left === 0) return chunks.slice(first);
  return [chunks[first]!.subarray(left), ...chunks.slice(first + 1)];
}
