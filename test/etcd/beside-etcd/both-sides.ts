/** An etcd and a member, each with a caller of its own, for the tests of one file. */
import { LocalCluster } from '../../processes/local-cluster.ts';
import { isOnPath } from '../on-path.ts';
import { RealEtcd } from './real-etcd.ts';
import { Side } from './side.ts';

export const skipWithoutEtcd: string | false = !isOnPath('etcd') && 'platform: etcd is not on PATH';

/** The same requests each time, so that a run fails by what was changed alone; others with QUORATE_SEED. */
export const seed = Number(process.env['QUORATE_SEED'] ?? 1);

export class BothSides {
  readonly theirs: Side;
  readonly ours: Side;
  readonly #etcd: RealEtcd;
  readonly #cluster: LocalCluster;

  static async start(etcdFlags: readonly string[] = []): Promise<BothSides> {
    const [etcd, cluster] = await Promise.all([RealEtcd.start(etcdFlags), LocalCluster.form(1)]);
    return new BothSides(etcd, cluster, await Side.connect(etcd.url), await Side.connect(cluster.members[0]!.url));
  }

  private constructor(etcd: RealEtcd, cluster: LocalCluster, theirs: Side, ours: Side) {
    this.#etcd = etcd;
    this.#cluster = cluster;
    this.theirs = theirs;
    this.ours = ours;
  }

  /** What watches have to tell of the past is on its way: a compaction ends none of them. */
  async watchesInSync(): Promise<void> {
    await this.#etcd.watchesInSync();
  }

  async remove(): Promise<void> {
    this.theirs.close();
    this.ours.close();
    await Promise.all([this.#etcd.remove(), this.#cluster.remove()]);
  }
}
