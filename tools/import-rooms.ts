/**
 * Imports point one way: which room of the tree may import which. A file belongs to the longest room that is a
 * prefix of its path; everything inside a room may import everything else there. Tests, what lies in a folder
 * `testing/` to support them, and benchmarks may import anything; the product may import nothing of these.
 */
import path from 'node:path';

type Room = {
  /** Prefixes of paths: a folder with its slash, or one file. */
  readonly may: readonly string[];
  /** Packages and Node's own modules; absent means any. */
  readonly packages?: readonly string[];
};

const pureNode = ['node:assert', 'node:assert/strict', 'node:buffer', 'node:crypto', 'node:util'];

export const rooms: Readonly<Record<string, Room>> = {
  'client/': { may: [], packages: ['eventsource-parser', 'undici'] },
  'node/raft/': { may: [], packages: [] },
  'node/store/': { may: [], packages: pureNode },
  'node/storage/': { may: ['node/store/', 'node/raft/types.ts'] },
  'node/transport/': { may: ['node/raft/types.ts', 'node/storage/types.ts'] },
  'node/server/': {
    may: ['node/raft/', 'node/store/', 'node/storage/', 'node/transport/', 'client/types.ts'],
  },
  'node/api/': { may: ['node/server/', 'node/store/', 'node/storage/types.ts', 'client/types.ts'] },
  'node/etcd/': {
    may: [
      'node/server/types.ts',
      'node/server/authorized-member.ts',
      'node/server/auth-token.ts',
      // What both APIs on the client port hold for clients is one account.
      'node/server/held-answers.ts',
      'node/store/',
      'node/storage/snapshot-trailer.ts',
      'client/types.ts',
    ],
  },
  'node/config/': { may: [] },
  'node/metrics/': { may: ['node/server/', 'node/transport/types.ts', 'node/raft/types.ts', 'client/types.ts'] },
  'node/logging.ts': { may: ['node/server/observer.ts', 'node/standard-error.ts'] },
  'node/standard-error.ts': { may: [] },
  'node/version.ts': { may: ['client/types.ts'] },
  // What is left of node/ assembles the parts.
  'node/': { may: ['node/', 'client/'] },
  'operator/api/': { may: [] },
  'operator/kube/': { may: [] },
  'operator/certificates/': { may: [] },
  'operator/resources/': {
    may: [
      'operator/api/',
      'operator/kube/types.ts',
      'operator/kube/kinds.ts',
      'operator/decide/types.ts',
      'monitoring/alerts/',
      'monitoring/labels.ts',
      'charts/quorate/files/dashboards/members.json',
    ],
    packages: pureNode,
  },
  'operator/members/': { may: ['operator/api/', 'client/'] },
  'operator/observe/': { may: ['operator/api/', 'operator/kube/', 'operator/members/types.ts', 'client/'] },
  'operator/decide/': { may: ['operator/api/', 'operator/observe/types.ts', 'client/types.ts'], packages: pureNode },
  'operator/status/': {
    may: ['operator/api/', 'operator/observe/types.ts', 'operator/decide/types.ts', 'client/types.ts'],
    packages: pureNode,
  },
  'operator/act/': {
    may: [
      'operator/api/',
      'operator/kube/',
      'operator/resources/',
      'operator/certificates/',
      'operator/decide/types.ts',
      'operator/members/types.ts',
      'operator/observe/types.ts',
      'operator/observe/cluster-kind.ts',
      'client/',
    ],
  },
  // What is left of operator/ assembles the parts.
  'operator/': { may: ['operator/', 'client/', 'node/config/', 'node/logging.ts', 'node/version.ts'] },
  'cli/': {
    may: [
      'client/',
      'node/config/',
      'node/container-memory.ts',
      'node/main.ts',
      'node/restore-snapshot.ts',
      'node/version.ts',
      'node/download-snapshot.ts',
      'node/storage/folder-lock.ts',
      'node/transport/pem-files.ts',
      'operator/config.ts',
      'operator/main.ts',
    ],
  },
  'examples/': { may: ['client/'] },
  // Data alone, so that the operator may give a cluster its alerts; the dashboards' SDK is no part of what is shipped.
  'monitoring/alerts/': { may: ['monitoring/labels.ts'], packages: [] },
  'monitoring/': { may: ['monitoring/'] },
  'tools/': { may: ['node/config/', 'monitoring/', 'operator/api/', 'cli/compile-cache.ts'] },
};

/** Sentences, one for each forbidden import in the file; paths are relative to the root of the tree, with slashes. */
export function forbiddenImports(file: string, source: string): string[] {
  if (isOutsideProduct(file)) return [];
  const home = roomOf(file);
  if (home === null) return [`${file}: lies in no room; add its folder to tools/import-rooms.ts`];
  const { may, packages } = rooms[home]!;
  const problems: string[] = [];
  for (const { specifier, line } of importsOf(source)) {
    if (specifier.startsWith('.')) {
      const target = path.posix.join(path.posix.dirname(file), specifier);
      if (isOutsideProduct(target)) {
        problems.push(`${file}:${line}: may not import ${target}, which is no part of the product`);
        continue;
      }
      if (roomOf(target) === home || may.some((prefix) => target.startsWith(prefix))) continue;
      problems.push(`${file}:${line}: ${home} may not import ${target} (allowed: ${may.join(', ') || 'only itself'})`);
    } else if (packages !== undefined && !packages.includes(specifier)) {
      problems.push(
        `${file}:${line}: ${home} may not import ${specifier} (allowed: ${packages.join(', ') || 'no package'})`,
      );
    }
  }
  return problems;
}

function isOutsideProduct(file: string): boolean {
  return file.endsWith('.test.ts') || /(?:^|\/)testing\//.test(file) || /^(?:test|bench)\//.test(file);
}

function roomOf(file: string): string | null {
  let longest: string | null = null;
  for (const room of Object.keys(rooms)) {
    if (file.startsWith(room) && room.length > (longest?.length ?? 0)) longest = room;
  }
  return longest;
}

/** Static imports, re-exports and `import('…')`, in order. */
function importsOf(source: string): { specifier: string; line: number }[] {
  const code = source.replace(/\/\*[\s\S]*?\*\/|^\s*\/\/.*$/gm, (comment) => comment.replace(/[^\n]/g, ' '));
  const pattern =
    /^(?:import|export|\})[^'"`;]*?\bfrom\s*['"]([^'"]+)['"]|^import\s*['"]([^'"]+)['"]|\bimport\(\s*['"]([^'"]+)['"]/gm;
  return [...code.matchAll(pattern)].map((match) => ({
    specifier: (match[1] ?? match[2] ?? match[3])!,
    line: code.slice(0, match.index).split('\n').length,
  }));
}
