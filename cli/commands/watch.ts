/** `quorate watch` */
import type { Command } from 'commander';
import type { WatchEvent } from '../../client/watch.ts';
import { addConnectionOptions, type ConnectionOptions, connect } from '../connection.ts';
import { printJson, printLines } from '../output.ts';
import { UserError } from '../user-error.ts';
import { parsePositive } from '../values.ts';

type Options = ConnectionOptions & { prefix?: true; startRevision?: number; prev?: true; count?: number };

export function define(command: Command): void {
  addConnectionOptions(
    command
      .argument('[KEY]')
      .option('--prefix', 'all keys that start with KEY; without KEY, all keys')
      .option('--start-revision <N>', 'begin with what happened at this revision', parsePositive)
      .option('--prev', 'print what was there before, too')
      .option('--count <N>', 'end after this many changes', parsePositive)
      .addHelpText(
        'after',
        `
Each change is a line: revision, put or delete, key, value, with tabs between. The watch goes on at another member
when one is away, without gap or repeat, until Ctrl-C.

Examples:
  quorate watch greeting
  quorate watch config/ --prefix
  quorate watch --prefix --start-revision 1 --json`,
      )
      .action(watch),
  );
}

async function watch(key: string | undefined, options: Options): Promise<void> {
  if (key === undefined && options.prefix === undefined)
    throw new UserError('name a key, or say --prefix for all keys', 2);
  const { startRevision, prev } = options;
  const client = await connect(options);
  const stop = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stop.abort());
  const keys = options.prefix ? { prefix: key ?? '' } : { key: key! };
  let left = options.count ?? Number.POSITIVE_INFINITY;
  for await (const { revision, events } of client.watch({ ...keys, startRevision, prev, signal: stop.signal })) {
    for (const event of events.slice(0, left)) {
      if (options.json) printJson({ revision, ...event });
      else printLines([lineOf(revision, event)]);
    }
    left -= events.length;
    if (left <= 0) return;
  }
}

function lineOf(revision: number, { type, item, previous }: WatchEvent): string {
  const cells = type === 'put' ? [revision, type, item.key, item.value] : [revision, type, item.key];
  return [...cells, ...(previous === null ? [] : [`was ${previous.value}`])].join('\t');
}
