/**
 * Goes on with a quorum recovery that the user has consented to: the others are stopped and proved gone, the new cluster
 * id is written down, the survivor made the only voter under it, the other volumes wiped. Growth does the rest.
 */
import type { RaftClusterStatus } from '../api/types.ts';
import { type ClusterView, holds, type Place, placeNamed, ref } from './cluster-view.ts';
import { act, type Outcome, pass, type Rule, record, SOON_MS, wait } from './rule.ts';
import { runAllWithData } from './run-all-with-data.ts';
import { scaleSet } from './scale-set.ts';

type Recovery = NonNullable<RaftClusterStatus['quorumRecovery']>;

export const quorumRecovery: Rule = (view) => {
  const recovery = view.status.quorumRecovery;
  if (recovery === undefined) return pass;
  switch (recovery.step) {
    case 'Offered':
    case 'Done':
      return pass;
    case 'StoppingOthers':
      return stopOthers(view, recovery);
    case 'Withdrawing':
      return startOthers(view);
    case 'Recovering':
      return recover(view, recovery);
    case 'WipingOthers':
      return wipeOthers(view, recovery);
  }
};

function stopOthers(view: ClusterView, recovery: Recovery): Outcome {
  const { spec, configuration } = view;
  if (configuration !== null) return withdraw(view, recovery, 'The quorum is back: nothing needs to be given up');
  if (spec.quorumRecovery.acknowledge !== recovery.nonce) {
    return withdraw(view, recovery, 'The consent was withdrawn before anything was given up');
  }
  const stopping = runAlone(view, recovery);
  if (stopping !== null) return stopping;
  const survivor = survivorOf(view, recovery);
  if (survivor?.status?.state === 'Parked') {
    return withdraw(
      view,
      recovery,
      `${survivor.name} has nothing to go on from (${survivor.status.reason ?? 'parked'}): nothing was given up yet`,
    );
  }
  if (survivor?.status?.state !== 'Member' || (survivor.status.leader ?? 0) !== 0) {
    return wait('the survivor must answer, without a leader', [`waits for ${recovery.survivor}`], {
      requeueAfterMs: SOON_MS,
    });
  }
  const { clusterID } = recovery;
  const message = `All other members are stopped: ${recovery.survivor} goes on as cluster ${clusterID}`;
  const status: Partial<RaftClusterStatus> = { clusterID, quorumRecovery: { ...recovery, step: 'Recovering' } };
  return record(status, 'Warning', 'RecoveringQuorum', message, recovery.survivor ?? '');
}

function recover(view: ClusterView, recovery: Recovery): Outcome {
  const stopping = runAlone(view, recovery);
  if (stopping !== null) return stopping;
  const survivor = survivorOf(view, recovery);
  const { clusterID, nonce } = recovery;
  if (survivor === null || survivor.status === null || clusterID === undefined) {
    return wait('the survivor must answer', [`waits for ${recovery.survivor}`], { requeueAfterMs: SOON_MS });
  }
  if (survivor.status.cluster_id === clusterID) {
    const message = `${survivor.name} goes on as cluster ${clusterID}; the other volumes are wiped`;
    const status: Partial<RaftClusterStatus> = { quorumRecovery: { ...recovery, step: 'WipingOthers' } };
    return record(status, 'Warning', 'QuorumRecovered', message, survivor.name);
  }
  if ((survivor.status.leader ?? 0) !== 0) {
    return wait('the survivor knows a leader', [`${survivor.name} refuses to recover while it has one`]);
  }
  return act(
    { kind: 'RecoverQuorum', slot: survivor.name, clusterId: clusterID, nonce },
    survivor.name,
    `the user has consented with ${nonce}`,
  );
}

function wipeOthers(view: ClusterView, recovery: Recovery): Outcome {
  const { configuration, places, status, cluster } = view;
  const stopping = runAlone(view, recovery);
  if (stopping !== null) return stopping;
  const { clusterID } = status;
  if (configuration === null || clusterID === undefined || configuration.cluster_id !== clusterID) {
    return wait('waits for the survivor to lead', [], { requeueAfterMs: SOON_MS });
  }
  const blockers: string[] = [];
  for (const { volume, name } of places) {
    if (volume === null || volume.isReleased || name === recovery.survivor) continue;
    if (volume.isTerminating) blockers.push(`volume ${volume.name} is being deleted`);
    // A volume is marked before its member is added: without a mark it never held one.
    else if (volume.incarnation === null) continue;
    else if (volume.ownerUid !== cluster.metadata.uid) {
      blockers.push(`volume ${volume.name} was made for another RaftCluster: delete it yourself`);
    } else if (!holds(configuration, volume.incarnation)) {
      return act(
        { kind: 'DeleteVolume', volume: ref(volume), incarnation: volume.incarnation, clusterId: clusterID },
        volume.name,
        `cluster ${clusterID} goes on without it`,
      );
    }
  }
  if (blockers.length > 0) return wait('the other volumes must be gone', blockers, { requeueAfterMs: SOON_MS });
  const message = `Cluster ${clusterID} has one voter, ${recovery.survivor}, and grows again`;
  const done: Partial<RaftClusterStatus> = { quorumRecovery: { ...recovery, step: 'Done' }, replacing: undefined };
  return record(done, 'Normal', 'QuorumRecovered', message, cluster.metadata.name);
}

/** Null once nothing runs but the survivor. What is stopped must not start again before its volume is gone. */
function runAlone(view: ClusterView, recovery: Recovery): Outcome | null {
  const { places } = view;
  const { survivor } = recovery;
  const place = survivorOf(view, recovery);
  if (place === null) return wait(`the place of ${survivor} is gone`, [], { requeueAfterMs: null });
  const reason = `only ${survivor} may run until the others are wiped`;
  const scaled =
    scaleSet(view, 'Readers', { replicas: 0 }, reason) ??
    scaleSet(view, 'Voters', { start: place.ordinal, replicas: 1 }, reason);
  if (scaled !== null) return scaled;
  const others = places.filter(({ pod, name }) => pod !== null && name !== survivor);
  if (others.length === 0) return null;
  return wait(
    'all other members must be proved gone',
    others.map(
      ({ name, pod }) =>
        `pod ${name} still exists${pod?.node == null || pod.node.isReady ? '' : `; if its node ${pod.node.name} is lost, taint it node.kubernetes.io/out-of-service or delete it`}`,
    ),
    { requeueAfterMs: SOON_MS },
  );
}

function survivorOf(view: ClusterView, { survivor }: Recovery): Place | null {
  return survivor === undefined ? null : placeNamed(view, survivor);
}

function withdraw(view: ClusterView, recovery: Recovery, message: string): Outcome {
  const status: Partial<RaftClusterStatus> = { quorumRecovery: { ...recovery, step: 'Withdrawing' } };
  return record(status, 'Normal', 'RecoveryWithdrawn', message, view.cluster.metadata.name);
}

/** A step of its own, for nothing else starts members again while there is no quorum. */
function startOthers(view: ClusterView): Outcome {
  const starting = runAllWithData(view);
  if (starting !== null) return starting;
  const message = 'The members that were stopped may start again';
  return record({ quorumRecovery: undefined }, 'Normal', 'RecoveryWithdrawn', message, view.cluster.metadata.name);
}
