/**
 * What npm would trip over in package-lock.json.
 *
 * Optional packages for other platforms, which a registry did not have when the lock file was written, are left out
 * of it, and every later `npm ci` refuses to run: "Missing: … from lock file". And optional packages that name a newer
 * Node than the one npm runs with are silently not installed, though here the pinned Node runs them.
 */

type Package = {
  readonly version?: string;
  readonly dev?: boolean;
  readonly optional?: boolean;
  readonly engines?: unknown;
  readonly optionalDependencies?: Record<string, string>;
};
export type LockFile = { readonly packages: Record<string, Package> };

type Missing = { readonly name: string; readonly version: string; readonly dev: boolean };

export function missingPackages(lock: LockFile): Missing[] {
  return Object.entries(lock.packages).flatMap(([location, { dev = false, optionalDependencies = {} }]) =>
    Object.entries(optionalDependencies)
      .filter(
        ([name]) => !(`node_modules/${name}` in lock.packages || `${location}/node_modules/${name}` in lock.packages),
      )
      .map(([name, version]) => ({ name, version, dev })),
  );
}

/** Places of packages that an older Node's npm would leave out. */
export function choosyPackages(lock: LockFile): string[] {
  return Object.keys(lock.packages).filter((place) => {
    const { optional, engines } = lock.packages[place]!;
    return optional === true && engines !== undefined;
  });
}

/** With an entry for each missing one, that says for which platform it is, and none that asks for a Node. */
export function mended(lock: LockFile): LockFile {
  const added = missingPackages(lock).map(({ name, version, dev }): [string, Package] => [
    `node_modules/${name}`,
    { version, ...platformIn(name), ...(dev ? { dev } : {}), optional: true },
  ]);
  const choosy = new Set(choosyPackages(lock));
  const kept = Object.entries(lock.packages).map(([place, entry]): [string, Package] => {
    const { engines: _, ...undemanding } = entry;
    return [place, choosy.has(place) ? undemanding : entry];
  });
  const packages = [...kept, ...added].sort(([a], [b]) => a.localeCompare(b, 'en'));
  return { ...lock, packages: Object.fromEntries(packages) };
}

const systems = ['android', 'darwin', 'freebsd', 'linux', 'openharmony', 'win32'];

/** Platform packages are named SYSTEM-CPU or SYSTEM-CPU-ABI. */
function platformIn(name: string): { cpu: string[]; os: string[]; libc?: string[] } {
  const words = name.split(/[/-]/);
  const system = words.findIndex((word) => systems.includes(word));
  const cpu = words[system + 1];
  if (system === -1 || cpu === undefined) throw new Error(`cannot tell for which platform ${name} is: add it by hand`);
  const libc = words.some((word) => word.startsWith('musl')) ? { libc: ['musl'] } : {};
  return { cpu: [cpu], os: [words[system]!], ...libc };
}
