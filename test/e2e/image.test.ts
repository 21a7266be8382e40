/** What the image does before a line of ours runs. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { until } from './kubectl.ts';
import { useNamespace } from './raft-cluster.ts';
import { restrictedPod } from './restricted-pod.ts';

/** The program gets no further than this, as it does for a while on a busy node; what is run beside it does. */
const stuck = "--import=data:text/javascript,while(process.argv[1]?.endsWith('main.js'));";

test('a pod that is told to stop while its program is still starting stops', async (t) => {
  const cluster = await useNamespace(t);
  if (cluster === null) return;
  const { kubectl, environment } = cluster;
  const env = [{ name: 'NODE_OPTIONS', value: stuck }];
  // A namespace has no ServiceAccount in its first moments, and takes no pod until then.
  await until('the pod to be taken', 60_000, () =>
    kubectl.apply(restrictedPod({ name: 'stuck' }, { image: environment.image, args: ['node'], env }, {})),
  );
  const pod = async () => (await kubectl.get('pod', 'stuck'))!.status.containerStatuses?.[0]?.state;
  await until('the pod to run', 60_000, async () => (await pod())?.running);
  // As the kubelet does first. Were it not heeded, nothing would end the pod but the kill after its grace period.
  const signalled = kubectl.run(['exec', 'stuck', '--', 'node', '-e', "process.kill(1, 'SIGTERM')"]);
  // The end of process 1 may take the one along that has brought it about.
  await signalled.catch((error: unknown) => assert.match(String(error), /exit code 137/));
  const ended = await until('the pod to end', 60_000, async () => (await pod())?.terminated);
  assert.equal(ended.exitCode, 143);
});
