/** Conditions that repeat what the spec says, for users and tools that read only conditions. */
import { type Finder, no, yes } from './finding.ts';

export const paused: Finder = ({ cluster }) =>
  cluster.spec.paused
    ? yes('Paused', 'The operator only observes, until spec.paused is false.')
    : no('Active', 'The operator acts.');

export const evenVoters: Finder = ({ cluster }) => {
  const { replicas } = cluster.spec;
  return replicas > 0 && replicas % 2 === 0
    ? yes(
        'EvenVoters',
        `${replicas} voters survive no more failures than ${replicas - 1}, and each write waits for one more.`,
      )
    : no('OddVoters', 'The number of voters is odd.');
};
