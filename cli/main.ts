/**
 * The program `quorate`. A command's module is loaded only when it is asked for: `quorate get` must not wait for what
 * `quorate node` needs.
 */
import { enableCompileCache } from 'node:module';
import { Command, CommanderError } from 'commander';
import { VERSION } from '../node/version.ts';
import { compileCacheFolder } from './compile-cache.ts';
import { UserError } from './user-error.ts';

// Halves the time a member takes to start.
enableCompileCache(compileCacheFolder);

type Definition = {
  readonly name: string;
  readonly summary: string;
  readonly group: string;
  readonly load: () => Promise<{ define: (command: Command) => void }>;
};

const KEYS = 'Keys and values:';
const CLUSTER = 'Cluster:';
const RUN = 'Run:';

const definitions: readonly Definition[] = [
  { name: 'up', summary: 'run a cluster on this machine', group: RUN, load: () => import('./commands/up.ts') },
  { name: 'node', summary: 'run one member', group: RUN, load: () => import('./commands/node.ts') },
  {
    name: 'operator',
    summary: 'look after RaftClusters on Kubernetes',
    group: RUN,
    load: () => import('./commands/operator.ts'),
  },
  { name: 'put', summary: 'write a key', group: KEYS, load: () => import('./commands/put.ts') },
  { name: 'get', summary: 'read a key, or many', group: KEYS, load: () => import('./commands/get.ts') },
  { name: 'del', summary: 'delete a key, or many', group: KEYS, load: () => import('./commands/del.ts') },
  { name: 'watch', summary: 'print changes as they happen', group: KEYS, load: () => import('./commands/watch.ts') },
  { name: 'txn', summary: 'compare and write in one step', group: KEYS, load: () => import('./commands/txn.ts') },
  { name: 'lease', summary: 'keys that go away by themselves', group: KEYS, load: () => import('./commands/lease.ts') },
  { name: 'compact', summary: 'forget old revisions', group: KEYS, load: () => import('./commands/compact.ts') },
  {
    name: 'status',
    summary: 'every member with role, term and lag',
    group: CLUSTER,
    load: () => import('./commands/status.ts'),
  },
  {
    name: 'member',
    summary: 'list, add, promote, remove members',
    group: CLUSTER,
    load: () => import('./commands/member.ts'),
  },
  {
    name: 'transfer-leader',
    summary: 'hand leadership over',
    group: CLUSTER,
    load: () => import('./commands/transfer-leader.ts'),
  },
  {
    name: 'recover',
    summary: 'go on from one member after a quorum is lost for good',
    group: CLUSTER,
    load: () => import('./commands/recover.ts'),
  },
  { name: 'snapshot', summary: 'back up and restore', group: CLUSTER, load: () => import('./commands/snapshot.ts') },
  {
    name: 'version',
    summary: 'versions of this program and the cluster',
    group: CLUSTER,
    load: () => import('./commands/version.ts'),
  },
];

const examples = `
Examples:
  quorate up                          three members on this machine
  quorate put greeting hello
  quorate get greeting
  quorate COMMAND --help              everything about a command, with examples`;

async function main(args: readonly string[]): Promise<void> {
  // Node has put U+FFFD where an argument was not UTF-8: the store would keep other bytes than the shell gave.
  const mangled = args.find((arg) => arg.includes('\ufffd'));
  if (mangled !== undefined) {
    throw new UserError(`'${mangled}' is not UTF-8 text: give such a value on standard input, such a key by HTTP`, 2);
  }
  const program = new Command('quorate')
    .description('A replicated key-value store.')
    .version(VERSION.quorate, '--version', 'version of this program')
    .helpCommand('help [COMMAND]', 'the same as COMMAND --help')
    .addHelpText('after', examples)
    .exitOverride()
    .configureOutput({ writeErr: (text) => void process.stderr.write(text.replace(/^error: /, 'quorate: ')) })
    .showHelpAfterError('(--help says what there is)');
  const wanted = args.find((arg) => definitions.some(({ name }) => name === arg));
  for (const { name, summary, group, load } of definitions) {
    const command = program
      .command(name)
      .summary(summary)
      .description(sentence(summary))
      .helpGroup(group)
      .helpCommand(false);
    if (name === wanted) (await load()).define(command);
  }
  await program.parseAsync([...args], { from: 'user' });
}

function sentence(summary: string): string {
  return `${summary[0]!.toUpperCase()}${summary.slice(1)}.`;
}

/** Mistakes and conditions that the user can mend get one line; anything else is a fault of ours and shows where. */
function report(error: unknown): void {
  if (error instanceof CommanderError) {
    // Commander has printed it; help that was asked for is no error.
    process.exitCode = error.exitCode === 0 || error.code === 'commander.help' ? error.exitCode : 2;
    return;
  }
  process.stderr.write(`quorate: ${messageOf(error)}\n`);
  process.exitCode =
    error instanceof Error && 'exitCode' in error && typeof error.exitCode === 'number' ? error.exitCode : 1;
}

const EXPECTED: ReadonlySet<string> = new Set([
  'UserError',
  'QuorateError',
  'CompactedError',
  'ConfigError',
  'DataFolderInUse',
  'SnapshotDamaged',
  'NewerFormat',
  'GrantConflict',
  'TlsFileError',
]);

/** What to do, in the words of this program. */
const HINTS: ReadonlyMap<unknown, string> = new Map([
  ['unreachable', 'is the cluster running? Start one with: quorate up'],
  ['unauthenticated', 'give --token-file, or --cert and --key'],
]);

function messageOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const code = 'code' in error ? error.code : undefined;
  const hint = error.name === 'QuorateError' ? HINTS.get(code) : undefined;
  // An error of the system: a port in use, a folder that may not be written.
  const isOfSystem = 'syscall' in error;
  const message = EXPECTED.has(error.name) || isOfSystem ? error.message : (error.stack ?? error.message);
  return hint === undefined ? message : `${message}; ${hint}`;
}

// Someone who reads only the first lines has not failed.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
  process.exit(0);
});

await main(process.argv.slice(2)).catch(report);
