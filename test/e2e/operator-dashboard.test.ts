/**
 * Every query of the operator's dashboard finds data in a Prometheus that scrapes the installed operator, after things
 * have happened to it.
 */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { type TestContext, test } from 'node:test';
import { panelQueries } from '../monitoring/panel-queries.ts';
import { Prometheus, type Target } from '../monitoring/prometheus.ts';
import { withoutPrometheus } from '../monitoring/promtool.ts';
import { endProcess } from '../processes/end-process.ts';
import { type Kubectl, until } from './kubectl.ts';
import { operatorNamespace } from './operator.ts';
import { createCluster, isSettled, manifest, podsOf, useNamespace } from './raft-cluster.ts';

/** What would take a broken API server to happen: the series exists from then on. */
const ONLY_AFTER_FAILURES = ['quorate_operator_cache_failures_total'];

test("every panel of the operator's dashboard shows data", { skip: withoutPrometheus }, async (t) => {
  const cluster = await useNamespace(t);
  if (cluster === null) return;
  const { kubectl, name } = cluster;
  const prometheus = await Prometheus.start(await forwardedOperators(t, kubectl), true);
  t.after(() => prometheus.stop());
  const hasData = async (expr: string) => (await prometheus.query(expr)).length > 0;
  await until('both operators in Prometheus', 30_000, () => hasData('count(quorate_operator_leader) > 1'));

  await createCluster(cluster, { replicas: 1 });
  const [pod] = await podsOf(cluster);
  await kubectl.run(['delete', 'pod', pod!.metadata.name]);
  await isSettled(cluster);
  // Errors: nothing more may be made here.
  await kubectl.apply({
    apiVersion: 'v1',
    kind: 'ResourceQuota',
    metadata: { name: 'nothing' },
    spec: { hard: { secrets: '0', services: '0' } },
  });
  await kubectl.apply(manifest(`${name}-refused`, { replicas: 1 }));

  const missing: string[] = [];
  for (const { panel, expr } of panelQueries('operator', '1m')) {
    if (ONLY_AFTER_FAILURES.some((series) => expr.includes(series))) await prometheus.query(expr);
    else
      await until(expr, 60_000, () => hasData(expr)).catch((error: Error) =>
        missing.push(`${panel}: ${error.message}`),
      );
  }
  assert.deepEqual(missing, []);
});

/** Every operator's port, at one on loopback, labelled as prometheus-operator would. */
async function forwardedOperators(t: TestContext, kubectl: Kubectl): Promise<Target[]> {
  const selector = ['--selector', 'app.kubernetes.io/component=operator'];
  const names = await kubectl.run(['get', 'pods', '--namespace', operatorNamespace, ...selector, '--output', 'name']);
  return Promise.all(
    names
      .trim()
      .split('\n')
      .map(async (pod) => {
        const port = await forward(t, kubectl, pod);
        return {
          address: `127.0.0.1:${port}`,
          labels: { namespace: operatorNamespace, pod: pod.replace('pod/', '') },
        };
      }),
  );
}

async function forward(t: TestContext, { context }: Kubectl, pod: string): Promise<number> {
  const where = ['--context', context, '--namespace', operatorNamespace];
  const child = spawn('kubectl', [...where, 'port-forward', pod, ':8080', '--address', '127.0.0.1'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  t.after(() => endProcess(child));
  return new Promise((resolve, reject) => {
    // To the end: it says a line for each connection.
    createInterface({ input: child.stdout }).on('line', (line) => {
      const port = /^Forwarding from 127\.0\.0\.1:(\d+)/.exec(line)?.[1];
      if (port !== undefined) resolve(Number(port));
    });
    child.once('exit', (code) => reject(new Error(`kubectl port-forward to ${pod} ended with ${code}`)));
  });
}
