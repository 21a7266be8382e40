/** Volumes smaller than the spec asks for grow, where their class can. */
import { quantityValue } from '../api/quantity.ts';
import { ref } from './cluster-view.ts';
import { act, firstOf, note, pass, type Rule } from './rule.ts';

export const growVolumes: Rule = ({ spec, places }) => {
  const toBytes = quantityValue(spec.storage.size);
  if (toBytes === null) return pass;
  return firstOf(
    places.map(({ volume, isWanted }) => {
      if (volume === null || !isWanted || volume.isTerminating || volume.isReleased || volume.phase !== 'Bound')
        return pass;
      if (volume.requestedBytes >= toBytes) return pass;
      if (!volume.canExpand)
        return note(`volume ${volume.name} cannot grow: its storage class does not allow it`, null);
      return act(
        { kind: 'GrowVolume', volume: ref(volume), size: spec.storage.size },
        volume.name,
        `spec.storage.size is ${spec.storage.size}`,
      );
    }),
  );
};
