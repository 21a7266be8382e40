/** The size of a cluster, as users read it. */
export function sizeText({
  replicas,
  readReplicas,
}: {
  readonly replicas: number;
  readonly readReplicas: number;
}): string {
  const count = (number: number, one: string): string => `${number} ${number === 1 ? one : `${one}s`}`;
  return `${count(replicas, 'voter')}${readReplicas === 0 ? '' : ` and ${count(readReplicas, 'read replica')}`}`;
}
