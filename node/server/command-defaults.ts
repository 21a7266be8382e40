/** What the member that is asked fills in, before a command goes to a log that must say the same to all. */
import type { Command, LeaseId } from '../store/types.ts';

/** @param random uniform in [0, 1) */
export function withDefaults(command: Command, electionTimeoutMs: number, random: () => number): Command {
  if (command.kind !== 'LeaseGrant') return command;
  // A lease must not end within one election: nobody could have kept it alive (etcd does the same).
  const minimumSeconds = Math.ceil((1.5 * electionTimeoutMs) / 1000);
  const id = command.id === 0n ? drawLeaseId(random) : command.id;
  return { ...command, id, ttlSeconds: Math.max(command.ttlSeconds, minimumSeconds) };
}

/** Above 0 and within an int64, as etcd's clients want it. */
function drawLeaseId(random: () => number): LeaseId {
  const high = BigInt(Math.floor(random() * 2 ** 31));
  const low = BigInt(Math.floor(random() * 2 ** 32));
  return (high << 32n) | low || 1n;
}
