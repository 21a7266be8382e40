/** MembersUpToDate: whether all pods match the spec and run the current image. */

import { listed } from '../../api/listed.ts';
import { verb } from '../../api/verb.ts';
import { type Finder, no, unknown, yes } from './finding.ts';

export const membersUpToDate: Finder = ({ observed, cluster, outdated, previous }) => {
  const { spec } = cluster;
  if (outdated.length > 0) {
    const what = `${listed(outdated)} still ${verb(outdated, 'runs', 'run')} as an earlier spec said`;
    return spec.updateStrategy.type === 'Manual'
      ? no('RestartPending', `${what}; with updateStrategy.type Manual whoever deletes a pod brings it up to date.`)
      : no('Outdated', `${what}.`);
  }
  if (spec.image === undefined && previous.image !== undefined && previous.image !== observed.operatorImage) {
    return no(
      'WaitsForTurn',
      observed.rollingElsewhere === null
        ? `The members run ${previous.image}; the operator's image is ${observed.operatorImage}.`
        : `The members run ${previous.image} until ${observed.rollingElsewhere} has taken the operator's image ${observed.operatorImage}.`,
    );
  }
  if (observed.slots.every(({ pod }) => pod === null)) return unknown('NoPods', 'There are no pods.');
  return yes('UpToDate', 'All pods are as the spec says.');
};
