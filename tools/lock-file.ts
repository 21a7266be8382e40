/**
 * Optional packages for other platforms that a registry did not have when the lock file was written. npm then
 * leaves them out of the lock, and every later `npm ci` refuses to run: "Missing: … from lock file".
 */

type Package = {
  readonly version?: string;
  readonly dev?: boolean;
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

/** With an entry for each, that says for which platform it is: enough for npm to skip it on the others. */
export function completed(lock: LockFile): LockFile {
  const added = missingPackages(lock).map(({ name, version, dev }) => [
    `node_modules/${name}`,
    { version, ...platformIn(name), ...(dev ? { dev } : {}), optional: true },
  ]);
  const packages = [...Object.entries(lock.packages), ...(added as [string, Package][])];
  return { ...lock, packages: Object.fromEntries(packages.sort(([a], [b]) => a.localeCompare(b, 'en'))) };
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
