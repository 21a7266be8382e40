/** Which commands make the store larger, and are refused while a disk is nearly full. */
import type { Command } from '../store/types.ts';

export function growsTheStore(command: Command): boolean {
  switch (command.kind) {
    case 'Put':
    case 'LeaseGrant':
      return true;
    case 'Txn':
      return command.success.some(growsTheStore) || command.failure.some(growsTheStore);
    default:
      return false;
  }
}
