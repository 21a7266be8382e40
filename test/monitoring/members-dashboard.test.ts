/** Every query of the members' dashboard finds data in a Prometheus that has scraped a cluster to which things happened. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { joinCluster, QuorateError } from '../../client/index.ts';
import { issue, makeAuthority } from '../../node/transport/testing/certificates.ts';
import { LocalCluster, type Member, until } from '../processes/local-cluster.ts';
import { panelQueries } from './panel-queries.ts';
import { Prometheus, type Target } from './prometheus.ts';
import { withoutPrometheus } from './promtool.ts';

describe('the dashboard of members', { skip: withoutPrometheus }, () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'quorate-certificates-'));
  let cluster: LocalCluster | undefined;
  let prometheus: Prometheus | undefined;

  before(async () => {
    cluster = await LocalCluster.form(3, ['--request-timeout=1s', ...(await peerTls(folder))]);
    // Refuses growth, for the whole cluster, from when it has joined.
    const newcomer = await cluster.add(['--min-free-space=1TiB', '--resume-free-space=1TiB']);
    prometheus = await Prometheus.start(cluster.members.map(targetOf));
    await live(cluster, newcomer, prometheus);
  });

  after(async () => {
    await prometheus?.stop();
    await cluster?.remove();
    rmSync(folder, { recursive: true });
  });

  const queries = panelQueries('members', '1m');
  for (const panel of new Set(queries.map((query) => query.panel))) {
    test(panel, async () => {
      for (const { expr } of queries.filter((query) => query.panel === panel)) {
        await until(`data for ${expr}`, () => dataOf(prometheus!, expr), 20_000);
      }
    });
  }
});

/** Writes, a watch, a snapshot, a leader that hands over, one that dies, a quorum that is lost, refused writes. */
async function live(cluster: LocalCluster, newcomer: Member, prometheus: Prometheus): Promise<void> {
  const [client, founders] = [cluster.client(), cluster.members.filter((member) => member !== newcomer)];
  const watch = client.watch({ prefix: 'key/' });
  for (let i = 0; i < 10; i++) await client.put(`key/${i}`, 'value');
  await client.get('key/1');
  const range = { method: 'POST', body: JSON.stringify({ key: Buffer.from('key/1').toString('base64') }) };
  for (const { url } of founders) await fetch(`${url}/v3/kv/range`, range);
  // In vain where the next leader gets no processor for an election timeout.
  await until('the hand-over', () =>
    client.transferLeader().then(
      () => true,
      (error: QuorateError) => {
        if (error.code === 'transfer_failed') return null;
        throw error;
      },
    ),
  );
  // What a member has counted goes with its process: it must have been scraped twice before.
  await until('a scraped step down', () => dataOf(prometheus, 'increase(quorate_step_downs_total[5m])'));
  await joinCluster(client, cluster.client([newcomer]), { asLearner: true });
  await until('a scraped snapshot', () => dataOf(prometheus, 'increase(quorate_snapshots_sent_total[5m])'));
  const first = await cluster.leader(founders);
  await cluster.kill(first);
  const second = await cluster.leader(founders.filter((member) => member !== first));
  await cluster.kill(second);
  // Alone, the third stands for election in vain.
  await until('a lost election', () => dataOf(prometheus, 'quorate_elections_lost_total{reason="TimedOut"}'));
  for (const member of [first, second]) cluster.restart(member);
  await cluster.settled();
  await until('refused writes', async () => {
    await client.put('one more', 'value').catch((error: unknown) => assert.ok(error instanceof QuorateError));
    return dataOf(prometheus, 'rate(quorate_proposals_refused_total[1m])');
  });
  await watch.close();
}

async function dataOf(prometheus: Prometheus, expr: string): Promise<true | null> {
  return (await prometheus.query(expr)).length > 0 ? true : null;
}

/** As the operator's PodMonitor labels a member. */
function targetOf({ url, name }: Member): Target {
  return { address: new URL(url).host, labels: { namespace: 'shop', quorate_dev_cluster: 'db', pod: name } };
}

async function peerTls(folder: string): Promise<readonly string[]> {
  const files = {
    keyPath: path.join(folder, 'key'),
    certPath: path.join(folder, 'cert'),
    caPath: path.join(folder, 'ca'),
    allowedNames: null,
  };
  await issue(await makeAuthority('test'), files, ['127.0.0.1']);
  return [`--peer-tls-key=${files.keyPath}`, `--peer-tls-cert=${files.certPath}`, `--peer-tls-ca=${files.caPath}`];
}
