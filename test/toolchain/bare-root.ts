/**
 * A Debian with nothing but the README's prerequisites, in which an ordinary user runs commands. Building it takes
 * more than a minute, so it is kept in the cache folder of whoever runs the tests.
 */
import { type SpawnSyncReturns, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';

const SUITE = 'bookworm';
/** What the README asks for. Debian's own Node is an old one. */
const PREREQUISITES = ['nodejs', 'npm', 'libatomic1', 'ca-certificates'];
const options = [
  '--variant=minbase',
  `--include=${PREREQUISITES.join(',')}`,
  '--aptopt=Acquire::Languages "none"',
  '--dpkgopt=path-exclude=/usr/share/doc/*',
  '--dpkgopt=path-exclude=/usr/share/man/*',
  '--dpkgopt=path-exclude=/usr/share/locale/*',
  '--customize-hook=chroot "$1" useradd --create-home --shell /bin/bash newcomer',
];

/** Folder of the ordinary user, as seen from inside. */
const HOME = '/home/newcomer';

export type Network = 'host' | 'loopback';

/** Null when a bare root can be made here, otherwise what is missing. */
export function missingForBareRoot(): string | null {
  if (process.platform !== 'linux') return 'platform: needs Linux';
  const commands = ['mmdebstrap', 'unshare', 'chroot', 'ip', ...(isRoot() ? [] : ['newuidmap'])];
  const missing = commands.filter((command) => spawnSync('which', [command]).status !== 0);
  return missing.length === 0 ? null : `needs ${missing.join(', ')}, which .ci/run installs`;
}

export class BareRoot {
  readonly #folder: string;

  static create(): BareRoot {
    const tarball = cachedTarball();
    const folder = mkdtempSync(path.join(os.tmpdir(), 'quorate-bare-'));
    const root = new BareRoot(folder);
    root.#asRoot('chmod 755 "$1" && tar -x -C "$1" -f "$2" --exclude="./dev/*"', [folder, tarball]);
    return root;
  }

  private constructor(folder: string) {
    this.#folder = folder;
  }

  /** Copies the tracked files of a work tree to a folder of the user's home. */
  copyWorkTree(tree: string, name: string): void {
    this.#asRoot(
      `mkdir "$1${HOME}/$3" && cd "$2" &&
      comm -z -23 <(git -c safe.directory='*' ls-files -z | sort -z) <(git -c safe.directory='*' ls-files -z --deleted | sort -z) |
      tar -c --null -T - | tar -x --no-same-owner -C "$1${HOME}/$3" &&
      chroot "$1" chown -R newcomer:newcomer "${HOME}/$3"`,
      [this.#folder, tree, name],
    );
  }

  /** The host's way to the package registry: npm's configuration, names, certificates. */
  copyRegistryAccess(): void {
    const configs = ['globalconfig', 'userconfig'].map((key) => npmConfig(key)).filter((file) => existsSync(file));
    const npmrc = configs.map((file) => readFileSync(file, 'utf8')).join('\n');
    const files = ['/etc/resolv.conf', '/etc/hosts', '/etc/ssl/certs/ca-certificates.crt', npmConfig('cafile')];
    const staging = mkdtempSync(path.join(os.tmpdir(), 'quorate-npmrc-'));
    try {
      writeFileSync(path.join(staging, 'npmrc'), npmrc);
      this.#asRoot(`cp "$2" "$1${HOME}/.npmrc" && chroot "$1" chown newcomer "${HOME}/.npmrc"`, [
        this.#folder,
        path.join(staging, 'npmrc'),
      ]);
    } finally {
      rmSync(staging, { recursive: true });
    }
    for (const file of files.filter((name) => name.startsWith('/') && existsSync(name))) {
      this.#asRoot('mkdir -p "$1$(dirname "$2")" && cp -L "$2" "$1$2"', [this.#folder, file]);
    }
  }

  /** Runs a script of bash as the ordinary user, in a process tree that ends with it. */
  run(script: string, network: Network, timeoutMs: number): { status: number | null; output: string } {
    const enter = `
      mount --rbind /dev "$1/dev"
      mount -t proc proc "$1/proc"
      test "$2" = host || ip link set lo up
      exec chroot --userspec=newcomer:newcomer "$1" /usr/bin/env -i "\${@:4}" bash -c "$3"`;
    const result = spawnSync(
      'unshare',
      [
        ...mapUsers(),
        '--mount',
        '--pid',
        '--fork',
        '--kill-child',
        ...(network === 'host' ? [] : ['--net']),
        ...['bash', '-euc', enter, 'bash', this.#folder, network, `exec 2>&1; ${script}`],
        ...environment(),
      ],
      { encoding: 'utf8', timeout: timeoutMs, killSignal: 'SIGKILL', maxBuffer: 64 * 1024 * 1024 },
    );
    return { status: result.status, output: `${result.stdout}${result.stderr}` };
  }

  /** For what only root may change. `$1` is the folder of the bare root. */
  change(script: string): void {
    this.#asRoot(script, [this.#folder]);
  }

  remove(): void {
    this.#asRoot('rm -rf "$1"', [this.#folder]);
  }

  #asRoot(script: string, args: readonly string[]): void {
    const command = ['bash', '-euo', 'pipefail', '-c', script, 'bash', ...args];
    expectSuccess(
      isRoot()
        ? spawnSync(command[0]!, command.slice(1), text)
        : spawnSync('unshare', [...mapUsers(), ...command], text),
    );
  }
}

const text = { encoding: 'utf8' } as const;

function isRoot(): boolean {
  return process.getuid?.() === 0;
}

/** An ordinary user on the host becomes root in a namespace of its own. */
function mapUsers(): string[] {
  return isRoot() ? [] : ['--user', '--map-auto', '--map-root-user'];
}

function environment(): string[] {
  const proxies = Object.entries(process.env).filter(([name]) =>
    /^(?:https?_proxy|no_proxy|npm_config_registry)$/i.test(name),
  );
  return [
    `HOME=${HOME}`,
    'PATH=/usr/bin:/bin',
    'LANG=C.UTF-8',
    'NODE_EXTRA_CA_CERTS=/etc/ssl/certs/ca-certificates.crt',
    ...proxies.map(([name, value]) => `${name}=${value}`),
  ];
}

function npmConfig(key: string): string {
  const { stdout } = spawnSync('npm', ['config', 'get', key], { ...text, cwd: os.tmpdir() });
  return stdout.trim();
}

function cachedTarball(): string {
  const cache = path.join(process.env['XDG_CACHE_HOME'] ?? path.join(os.homedir(), '.cache'), 'quorate-test');
  const digest = createHash('sha256')
    .update(JSON.stringify([SUITE, options]))
    .digest('hex')
    .slice(0, 12);
  const tarball = path.join(cache, `${SUITE}-${digest}.tar`);
  if (existsSync(tarball)) return tarball;
  mkdirSync(cache, { recursive: true });
  const building = `${tarball}.${process.pid}.tar`;
  try {
    expectSuccess(spawnSync('mmdebstrap', [...options, SUITE, building], text));
    renameSync(building, tarball);
  } finally {
    rmSync(building, { force: true });
  }
  return tarball;
}

function expectSuccess(result: SpawnSyncReturns<string>): void {
  if (result.status === 0) return;
  throw new Error(`${result.error?.message ?? `exit ${result.status}`}\n${result.stdout}\n${result.stderr}`);
}
