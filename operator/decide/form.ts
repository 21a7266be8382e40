/**
 * Forms the cluster, once: volumes marked, the whole record in status, then exactly that sent, as often as it takes. The
 * record is never replaced: one that is on its way from an operator that was stopped meanwhile could still arrive, and
 * make a second cluster. A founder that is lost before it accepted is replaced once the others have formed.
 *
 * Founders that begin with a snapshot each read it themselves. The first one's answer names its SHA-256, and the others are
 * held to that: a file that changed in between would make members that disagree for ever.
 */
import type { ApiBootstrap, ApiFounder } from '../../client/types.ts';
import { peerService } from '../api/names.ts';
import { snapshotPath } from '../api/restore.ts';
import {
  type ClusterView,
  isEmpty,
  isMarkedEmpty,
  type Place,
  placeNamed,
  placesOf,
  quorumOf,
} from './cluster-view.ts';
import { digest } from './digest.ts';
import { objectionToForming } from './refused-writes.ts';
import { act, type Outcome, pass, type Rule, record, SOON_MS, wait } from './rule.ts';
import { scaleSet } from './scale-set.ts';
import { sizeText } from './size-text.ts';
import { whySilent } from './why-silent.ts';

export const form: Rule = (view) => {
  const { status } = view;
  if (status.hasFormed === true) return pass;
  if (status.founding !== undefined) return sendRecord(view, status.founding);
  const { spec, target, cluster } = view;
  if (target.Voters !== spec.replicas || target.Readers !== spec.readReplicas) {
    const { generation } = cluster.metadata;
    const latched = { replicas: spec.replicas, readReplicas: spec.readReplicas, generation };
    const message = `Before the cluster has formed, its size becomes ${sizeText(spec)}`;
    return record({ target: latched }, 'Normal', 'Scaling', message, cluster.metadata.name);
  }
  return scaleToTarget(view) ?? found(view);
};

/** Tells the record to founders that have not heard of it yet, though the cluster has formed. */
export const finishForming: Rule = (view) => {
  const { founding, clusterID } = view.status;
  if (founding === undefined || founding.cluster_id !== clusterID) return pass;
  const late = founding.founders.filter((founder) => {
    const place = placeNamed(view, founder.name);
    if (place === null || !isEmpty(place) || place.incarnation !== founder.incarnation) return false;
    return view.configuration === null || place.isMember;
  });
  if (late.length === 0) return pass;
  const record = asRecord(founding, snapshotSha256(view, founding));
  // A late founder may read the snapshot only if one that has read it says what it was.
  if (!isExact(record)) return pass;
  return bootstrap(record, late, 'the cluster has formed; this founder has not accepted the record yet');
};

function scaleToTarget(view: ClusterView): Outcome | null {
  const { sets, target } = view;
  if (sets.Voters === null) return wait('the StatefulSet is being made', [], { requeueAfterMs: SOON_MS });
  const reason = 'the size has changed before the cluster has formed';
  return (
    scaleSet(view, 'Voters', { replicas: target.Voters }, reason) ??
    scaleSet(view, 'Readers', { replicas: target.Readers }, reason)
  );
}

function found(view: ClusterView): Outcome {
  const size = view.target.Voters;
  if (size === 0) return wait('spec.replicas is 0', [], { requeueAfterMs: null });
  const founders = placesOf(view, 'Voters').filter(({ ordinal }) => ordinal < size);
  const blockers = [
    ...leftovers(view),
    ...founders.filter((place) => !isMarkedEmpty(place)).map(notReady),
    ...(founders.length < size ? [`${size - founders.length} of ${size} pods are not there yet`] : []),
  ];
  const objection = objectionToForming(view, peerService(view.cluster.metadata.name));
  if (objection !== null) return wait(objection, []);
  if (blockers.length > 0) return wait('waits for all founders', blockers, { requeueAfterMs: SOON_MS });
  const founding = foundingRecord(view, founders);
  const message = `Forming cluster ${founding.cluster_id} with ${founders.map(({ name }) => name).join(', ')}`;
  return record({ founding }, 'Normal', 'Forming', message, view.cluster.metadata.name);
}

/** What is still on its way out may be another cluster's, and nothing forms beside that. */
function leftovers({ observed }: ClusterView): readonly string[] {
  return observed.slots.flatMap(({ pod, volume, report, name }) => {
    if (volume?.isTerminating === true) return [`volume ${volume.name} is being deleted`];
    if (pod !== null && pod.deletionDueMs !== null) return [`pod ${name} is being deleted`];
    const clusterId = report?.kind === 'Answered' ? report.status.cluster_id : undefined;
    return clusterId === undefined ? [] : [`${name} belongs to cluster ${clusterId}`];
  });
}

function notReady(place: Place): string {
  const { name, status, volume } = place;
  if (status?.state === 'Parked' && status.reason !== 'NoData') return `${name} is parked: ${status.reason}`;
  if (status !== null && volume === null) return `${name} has no volume`;
  return whySilent(place);
}

function sendRecord(view: ClusterView, founding: NonNullable<ClusterView['status']['founding']>): Outcome {
  const { sets, cluster } = view;
  const size = founding.founders.length;
  const live = sets.Voters;
  if (live === null) return wait('the StatefulSet is being made', [], { requeueAfterMs: SOON_MS });
  if (live.replicas < size || live.start !== 0) {
    const { resourceVersion } = live;
    return act(
      { kind: 'ScaleSet', set: 'Voters', replicas: size, start: 0, resourceVersion },
      cluster.metadata.name,
      'the founders are needed to form the cluster',
    );
  }
  const ready = founding.founders.filter(({ name, incarnation }) => {
    const place = placeNamed(view, name);
    return place !== null && isEmpty(place) && place.incarnation === incarnation;
  });
  if (ready.length >= quorumOf(size)) {
    const record = asRecord(founding, null);
    if (isExact(record)) return bootstrap(record, ready, 'the founding record is written down');
    return readSnapshotFirst(view, record, ready);
  }
  const lost = founding.founders.filter((founder) => !ready.includes(founder));
  return wait(
    'too few founders answer with the data folder that was written down',
    lost.map(({ name }) => describeFounder(placeNamed(view, name), name)),
  );
}

/**
 * Always the same founder reads it first: of two that were told, the one that is away could have read something else.
 */
function readSnapshotFirst(view: ClusterView, record: ApiBootstrap, ready: readonly ApiFounder[]): Outcome {
  const first = record.founders.find(({ name, incarnation }) => {
    const place = placeNamed(view, name);
    return place === null || place.incarnation === null || place.incarnation === incarnation;
  });
  if (first === undefined || !ready.includes(first)) {
    return wait('the first founder reads the snapshot before the others', [`${first?.name} does not answer`], {
      requeueAfterMs: SOON_MS,
    });
  }
  const others = ready.filter((founder) => founder !== first);
  return bootstrap(record, [first, ...others], 'the founding record is written down');
}

function isExact({ snapshot_path, snapshot_sha256 }: ApiBootstrap): boolean {
  return snapshot_path === undefined || snapshot_sha256 !== undefined;
}

function snapshotSha256(
  { places }: ClusterView,
  { cluster_id }: NonNullable<ClusterView['status']['founding']>,
): string | null {
  const accepted = places
    .map(({ status }) => status?.founding)
    .filter((founding) => founding?.cluster_id === cluster_id);
  return accepted.find((founding) => founding?.snapshot_sha256 !== undefined)?.snapshot_sha256 ?? null;
}

function describeFounder(place: Place | null, name: string): string {
  if (place?.status === undefined || place.status === null) return `${name} does not answer`;
  return `${name} has another data folder than when forming began: if no quorum of founders comes back, delete the RaftCluster and create it again`;
}

function bootstrap(record: ApiBootstrap, founders: readonly ApiFounder[], reason: string): Outcome {
  const slots = founders.map(({ name }) => name);
  return act({ kind: 'Bootstrap', record, slots }, slots.join(', '), reason);
}

/** The record is made from the founders alone, so whoever decides this makes the same one. */
function foundingRecord(
  { cluster }: ClusterView,
  places: readonly Place[],
): NonNullable<ClusterView['status']['founding']> {
  const founders = places.map(({ name, peerAddress, incarnation }, index) => ({
    id: index + 1,
    name,
    peer_address: peerAddress,
    incarnation: incarnation ?? '',
  }));
  const snapshot_path = snapshotPath(cluster);
  return {
    cluster_id: digest(cluster.metadata.uid, founders),
    founders,
    ...(snapshot_path === null ? {} : { snapshot_path }),
  };
}

function asRecord(
  { cluster_id, founders, snapshot_path }: NonNullable<ClusterView['status']['founding']>,
  snapshotSha256: string | null,
): ApiBootstrap {
  return {
    cluster_id,
    founders,
    ...(snapshot_path === undefined ? {} : { snapshot_path }),
    ...(snapshotSha256 === null ? {} : { snapshot_sha256: snapshotSha256 }),
  };
}
