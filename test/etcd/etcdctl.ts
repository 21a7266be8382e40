/** etcd's own command line, where the tests find it. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { isOnPath } from './on-path.ts';

/** For `test`'s option `skip`: why, or false. */
export const skipWithoutEtcdctl: string | false = !isOnPath('etcdctl') && 'platform: etcdctl is not on PATH';

/** What it prints; rejects with what it says when it fails. */
export async function etcdctl(endpoint: string, ...args: string[]): Promise<string> {
  const { stdout } = await promisify(execFile)('etcdctl', [`--endpoints=${endpoint}`, ...args]);
  return stdout;
}
