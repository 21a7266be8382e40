/** All rules, in the order in which they are asked. The first that acts or waits decides the pass. */
import { addMembers } from './add-members.ts';
import { adopt } from './adopt.ts';
import { dataDiffers } from './data-differs.ts';
import { deletion } from './deletion.ts';
import { disposeVolumes } from './dispose-volumes.ts';
import { finishJoins } from './finish-joins.ts';
import { finishForming, form } from './form.ts';
import { formerCluster } from './former-cluster.ts';
import { growVolumes } from './grow-volumes.ts';
import { heal } from './heal.ts';
import { hibernate } from './hibernate.ts';
import { identity } from './identity.ts';
import { initial } from './initial.ts';
import { joint } from './joint.ts';
import { latchImage } from './latch-image.ts';
import { latchTarget } from './latch-target.ts';
import { markVolumes } from './mark-volumes.ts';
import { paused } from './paused.ts';
import { quorumLoss } from './quorum-loss.ts';
import { quorumRecovery } from './quorum-recovery.ts';
import { replaceBrokenPods } from './replace-broken-pods.ts';
import { continueReplacement } from './replacement.ts';
import { roll } from './roll.ts';
import type { Rule } from './rule.ts';
import { shrink } from './shrink.ts';
import { sizeSets } from './size-sets.ts';
import { stuckPods } from './stuck-pods.ts';
import { wipeStrangers } from './wipe-strangers.ts';

export const rules: readonly Rule[] = [
  deletion,
  paused,
  formerCluster,
  initial,
  // Who this cluster is comes before anything that touches its members.
  identity,
  adopt,
  latchImage,
  markVolumes,
  stuckPods,
  quorumRecovery,
  hibernate,
  // A pod that takes no part may be replaced whatever else is wrong: a broken rollout is healed by putting the spec back.
  replaceBrokenPods,
  form,
  finishForming,
  // From here on there is a linearizable configuration.
  quorumLoss,
  joint,
  dataDiffers,
  latchTarget,
  continueReplacement,
  finishJoins,
  heal,
  wipeStrangers,
  addMembers,
  growVolumes,
  roll,
  shrink,
  disposeVolumes,
  sizeSets,
];
