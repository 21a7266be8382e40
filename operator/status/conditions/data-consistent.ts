/** DataConsistent: whether the members hold the same keys, as far as they have compared them. */

import { listed } from '../../api/listed.ts';
import { verb } from '../../api/verb.ts';
import { type Finder, no, unknown, yes } from './finding.ts';

export const dataConsistent: Finder = ({ observed: { comparison }, previous }) => {
  if (comparison.kind === 'Equal') return yes('Consistent', 'No comparison of the members has found different keys.');
  // If no member answers now, the last comparison that was reported still holds.
  const found = comparison.kind === 'Differs' ? comparison : previous.dataMismatch;
  if (found === undefined) return unknown('NotTold', 'No member has reported yet whether the keys agree.');
  if (!found.isDecided) {
    return no(
      'NoQuorumAgrees',
      'The members hold different keys, no quorum of them the same, and writes are refused. ' +
        'Find out whose keys are right (runbook QuorateCorrupt); the operator changes nothing until then.',
    );
  }
  const { members } = found;
  return no(
    'MembersDiffer',
    `${listed(members)} ${verb(members, 'holds', 'hold')} other keys than a quorum, and writes are refused. ` +
      `The operator destroys nothing: keep a copy of ${verb(members, 'its volume', 'their volumes')}, then have ` +
      `${verb(members, 'it', 'them')} replaced by deleting ${listed(members.map((name) => `pvc/data-${name} and pod/${name}`))} (runbook QuorateCorrupt).`,
  );
};
