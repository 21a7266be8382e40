/** StorageReady: whether every volume exists, is as large as the spec says, and is not full. */

import { listed } from '../../api/listed.ts';
import { quantityValue } from '../../api/quantity.ts';
import { verb } from '../../api/verb.ts';
import type { Slot } from '../../observe/types.ts';
import { type Finder, no, unknown, yes } from './finding.ts';

export const storageReady: Finder = ({ cluster, observed, wantedSlots }) => {
  const wanted = quantityValue(cluster.spec.storage.size) ?? 0;
  const slots = cluster.spec.replicas === 0 ? observed.slots : wantedSlots;
  const volumesWhere = (holds: (volume: NonNullable<Slot['volume']>) => boolean): readonly string[] =>
    slots.flatMap(({ volume }) => (volume !== null && holds(volume) ? [volume.name] : []));

  const lost = volumesWhere(({ phase }) => phase === 'Lost');
  if (lost.length > 0) {
    return no('VolumeLost', `The persistent volume of ${listed(lost)} is gone.`);
  }
  const going = volumesWhere(({ isTerminating }) => isTerminating);
  if (going.length > 0) {
    return no(
      'VolumeTerminating',
      `${listed(going)} ${verb(going, 'is', 'are')} being deleted, and ${verb(going, 'goes', 'go')} when the pod stops.`,
    );
  }
  const pending = volumesWhere(({ phase }) => phase === 'Pending');
  if (pending.length > 0) {
    return no('VolumePending', `${listed(pending)} ${verb(pending, 'waits', 'wait')} for a volume.`);
  }
  const full = slots.filter(({ report }) => report?.kind === 'Answered' && report.status.no_space === true);
  if (full.length > 0) {
    const names = full.map(({ name }) => name);
    return no(
      'NoSpace',
      `${listed(names)} ${verb(names, 'has', 'have')} too little free space: writes that grow the store are refused.`,
    );
  }
  const small = volumesWhere(
    ({ requestedBytes, capacityBytes }) => Math.min(requestedBytes, capacityBytes ?? 0) < wanted,
  );
  const stuck = volumesWhere(({ canExpand, requestedBytes }) => !canExpand && requestedBytes < wanted);
  if (stuck.length > 0) {
    return no(
      'CannotGrow',
      `The storage class of ${listed(stuck)} does not let volumes grow to ${cluster.spec.storage.size}.`,
    );
  }
  if (small.length > 0) {
    return no('Growing', `${listed(small)} ${verb(small, 'grows', 'grow')} to ${cluster.spec.storage.size}.`);
  }
  if (slots.every(({ volume }) => volume === null)) return unknown('NoVolumes', 'There are no volumes yet.');
  return yes('Bound', 'Every volume is there and as large as the spec says.');
};
