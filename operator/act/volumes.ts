/** The acts on volumes, which are the only ones that can lose data. */
import { annotations } from '../api/names.ts';
import type { Act } from '../decide/types.ts';
import { type PersistentVolumeClaim, persistentVolumeClaimKind } from '../kube/kinds.ts';
import type { Stored } from '../kube/types.ts';
import type { Observed } from '../observe/types.ts';
import { membersToAsk } from './members-to-ask.ts';
import type { Hands, Outcome } from './perform.ts';

type Of<Kind extends Act['kind']> = Extract<Act, { kind: Kind }>;

export async function markVolume(act: Of<'MarkVolume'>, observed: Observed, { api, fence }: Hands): Promise<undefined> {
  const marks = {
    [annotations.incarnation]: act.incarnation,
    // A null takes away what an earlier incarnation has left.
    [annotations.clusterId]: act.clusterId,
    [annotations.memberId]: act.memberId === null ? null : String(act.memberId),
    // A volume that is adopted is this RaftCluster's from now on.
    [annotations.ownerUid]: observed.cluster.metadata.uid,
  };
  const patch = { metadata: { annotations: marks } };
  await api.patch(persistentVolumeClaimKind, nameOf(act, observed), patch, { ...only(act), ...fence.options });
}

/** Makes sure once more, immediately before, that no member has this incarnation and that this is still its volume. */
export async function deleteVolume(
  act: Of<'DeleteVolume'>,
  observed: Observed,
  { api, members, fence }: Hands,
): Promise<Outcome | undefined> {
  const claim = await readClaim(act, observed, api);
  if (claim === null) return { kind: 'Superseded', why: `the volume ${act.volume.name} is another one, or gone` };
  if (claim.metadata.annotations?.[annotations.incarnation] !== act.incarnation) {
    return { kind: 'Superseded', why: `the volume ${act.volume.name} does not hold ${act.incarnation}` };
  }
  const configuration = await members.cluster(membersToAsk(observed));
  if (configuration.cluster_id !== act.clusterId) {
    return { kind: 'Superseded', why: `the members answer for cluster ${configuration.cluster_id}` };
  }
  if (configuration.members.some(({ incarnation }) => incarnation === act.incarnation)) {
    return { kind: 'Superseded', why: `${act.volume.name} is a member's volume` };
  }
  const { uid, resourceVersion } = claim.metadata;
  await api.delete(persistentVolumeClaimKind, nameOf(act, observed), { uid, resourceVersion, ...fence.options });
  return;
}

/** Deletes a volume of a RaftCluster that is being deleted with the policy Delete, if it was made for this RaftCluster. */
export async function disposeVolume(
  act: Of<'DisposeVolume'>,
  observed: Observed,
  { api, fence }: Hands,
): Promise<Outcome | undefined> {
  const claim = await readClaim(act, observed, api);
  if (claim === null) return { kind: 'Superseded', why: `the volume ${act.volume.name} is another one, or gone` };
  if (claim.metadata.annotations?.[annotations.ownerUid] !== act.ownerUid) {
    return { kind: 'Superseded', why: `the volume ${act.volume.name} was made for another RaftCluster` };
  }
  await api.delete(persistentVolumeClaimKind, nameOf(act, observed), { ...only(act), ...fence.options });
  return;
}

export async function releaseVolume(
  act: Of<'ReleaseVolume'>,
  observed: Observed,
  { api, fence }: Hands,
): Promise<undefined> {
  const patch = { metadata: { annotations: { [annotations.released]: 'true' } } };
  await api.patch(persistentVolumeClaimKind, nameOf(act, observed), patch, { ...only(act), ...fence.options });
}

export async function growVolume(act: Of<'GrowVolume'>, observed: Observed, { api, fence }: Hands): Promise<undefined> {
  const patch = { spec: { resources: { requests: { storage: act.size } } } };
  await api.patch(persistentVolumeClaimKind, nameOf(act, observed), patch, { ...only(act), ...fence.options });
}

async function readClaim(
  act: { readonly volume: Of<'DeleteVolume'>['volume'] },
  observed: Observed,
  api: Hands['api'],
): Promise<Stored<PersistentVolumeClaim> | null> {
  const claim = await api.get(persistentVolumeClaimKind, nameOf(act, observed));
  return claim?.metadata.uid === act.volume.uid ? claim : null;
}

function nameOf({ volume }: { readonly volume: { readonly name: string } }, { cluster }: Observed) {
  return { namespace: cluster.metadata.namespace, name: volume.name };
}

function only({ volume: { uid, resourceVersion } }: { readonly volume: Of<'DeleteVolume'>['volume'] }) {
  return { uid, resourceVersion };
}
