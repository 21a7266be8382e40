/** What is written before there is anything else: the finalizer, then the image and the size. */
import { finalizer } from '../api/types.ts';
import { act, pass, type Rule, record } from './rule.ts';
import { sizeText } from './size-text.ts';

export const initial: Rule = (view) => {
  const { cluster, spec, status, places, observed } = view;
  const { name, finalizers, generation, deletionTimestamp } = cluster.metadata;
  if (finalizers?.includes(finalizer) !== true && deletionTimestamp === undefined) {
    return act({ kind: 'AddFinalizer' }, name, 'its volumes shall not be forgotten when it is deleted');
  }
  if (status.image !== undefined && status.target !== undefined) return pass;
  // A status that was lost must not roll a cluster that runs.
  const running = places.find(({ pod, set }) => set === 'Voters' && pod !== null)?.pod?.image ?? undefined;
  const image = status.image ?? spec.image ?? running ?? observed.operatorImage;
  const target = status.target ?? { replicas: spec.replicas, readReplicas: spec.readReplicas, generation };
  const message = `Image ${image} and size ${sizeText(target)} are written down before anything is made of them`;
  return record({ image, target }, 'Normal', 'Chosen', message, name);
};
