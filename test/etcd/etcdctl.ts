/** etcd's own command line, where the tests find it. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { isOnPath } from './on-path.ts';

/** For `test`'s option `skip`: why, or false. */
export const skipWithoutEtcdctl: string | false = !isOnPath('etcdctl') && 'platform: etcdctl is not on PATH';

/** Its own are for a machine that has time for it. */
const patience = ['--dial-timeout=30s', '--command-timeout=60s'];

/** What it prints; rejects with what it says when it fails. */
export async function etcdctl(endpoint: string, ...args: string[]): Promise<string> {
  const { stdout } = await promisify(execFile)('etcdctl', [`--endpoints=${endpoint}`, ...patience, ...args]);
  return stdout;
}
