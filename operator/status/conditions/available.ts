/** Available: whether a quorum serves. */

import { listed } from '../../api/listed.ts';
import { verb } from '../../api/verb.ts';
import { type Finder, no, unknown, yes } from './finding.ts';

export const available: Finder = ({ observed, cluster, voters, previous, members }) => {
  if (cluster.spec.replicas === 0) {
    return no('Hibernating', 'replicas is 0: the pods are stopped, and the volumes are kept.');
  }
  if (observed.configuration !== null) {
    if (observed.comparison.kind === 'Differs') {
      return yes(
        'ReadsOnly',
        'A quorum of voters answers reads; writes are refused, see the condition DataConsistent.',
      );
    }
    return yes('QuorumServes', 'A quorum of voters answers reads and writes.');
  }
  if (previous.hibernation !== undefined) return no('Waking', 'The pods of the cluster are started again.');
  if (previous.hasFormed !== true) return no('NotFormed', 'The cluster has not formed yet.');
  const { names, ready, quorum } = voters;
  if (names.length > 0 && ready.length >= quorum) {
    return unknown(
      'NoAnswer',
      `${listed(ready)} ${verb(ready, 'is', 'are')} ready, but the operator got no answer from them.`,
    );
  }
  const away = names.filter((name) => members.some((member) => member.name === name && !member.ready));
  return no(
    'NoQuorum',
    `${quorum} of ${names.length} voters are needed, and ${away.length === 0 ? 'too few answer' : `${listed(away)} ${verb(away, 'is', 'are')} not ready`}.`,
  );
};
