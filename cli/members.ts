/** Members as people name them: by id or by name. */
import type { ApiCluster } from '../client/types.ts';
import { UserError } from './user-error.ts';

export function memberId(cluster: ApiCluster, idOrName: string): number {
  const member =
    cluster.members.find(({ name }) => name === idOrName) ?? cluster.members.find(({ id }) => String(id) === idOrName);
  if (member !== undefined) return member.id;
  const known = cluster.members.map(({ id, name }) => `${id} (${name})`).join(', ');
  throw new UserError(`there is no member '${idOrName}'; there are ${known}`);
}

export function nameOf(cluster: ApiCluster, id: number): string {
  const member = cluster.members.find((one) => one.id === id);
  return member === undefined ? `member ${id}` : `${member.name} (${id})`;
}
