/** etcd's own command line, where the tests find it. */
import { execFile } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';

/** For `test`'s option `skip`: why, or false. */
export const skipWithoutEtcdctl: string | false = !isOnPath('etcdctl') && 'platform: etcdctl is not on PATH';

/** What it prints; rejects with what it says when it fails. */
export async function etcdctl(endpoint: string, ...args: string[]): Promise<string> {
  const { stdout } = await promisify(execFile)('etcdctl', [`--endpoints=${endpoint}`, ...args]);
  return stdout;
}

function isOnPath(program: string): boolean {
  return (process.env['PATH'] ?? '').split(delimiter).some((folder) => {
    try {
      accessSync(join(folder, program), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}
