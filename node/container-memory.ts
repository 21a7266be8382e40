/** How much memory the container that this process runs in may have, in bytes; infinite without a limit. */
export function containerMemoryBytes(): number {
  const limitBytes = process.constrainedMemory();
  return limitBytes === 0 ? Number.POSITIVE_INFINITY : limitBytes;
}
