/** What this build calls itself, as member, operator and command line. */
import { readFileSync } from 'node:fs';
import type { ApiVersion } from '../client/types.ts';

/** Two fields as etcd's: its clients want to know which of its versions they talk to. */
export const VERSION: ApiVersion = {
  etcdserver: '3.5.21',
  etcdcluster: '3.5.0',
  quorate: (JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as { version: string })
    .version,
};
