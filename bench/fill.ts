/** `npm run bench -- fill`: distinct keys, written as fast as they are taken, and the memory that members then have. */
import { LocalCluster } from '../test/processes/local-cluster.ts';
import { HttpConnection } from './http-connection.ts';
import { putRequest } from './http-load.ts';
import { usageOf } from './process-usage.ts';

const VALUE = Buffer.alloc(256, 'v');
const CONNECTIONS = 16;
const DEPTH = 64;

export async function fill(keys: number): Promise<void> {
  const cluster = await LocalCluster.form(3);
  try {
    const leader = await cluster.leader();
    const startedMs = performance.now();
    let next = 0;
    let peakBytes = 0;
    const watch = setInterval(() => {
      for (const { process } of cluster.members) peakBytes = Math.max(peakBytes, usageOf(process.pid!).residentBytes);
    }, 500);
    await Promise.all(
      Array.from({ length: CONNECTIONS }, async () => {
        const connection = await HttpConnection.open('127.0.0.1', leader.port);
        let inFlight = 0;
        await new Promise<void>((resolve, reject) => {
          const send = (): void => {
            while (inFlight < DEPTH && next < keys) {
              connection.send(putRequest('bench', `fill/${String(next++).padStart(12, '0')}`, VALUE));
              inFlight++;
            }
            if (inFlight === 0) resolve();
          };
          connection.onAnswer = (status) => {
            inFlight--;
            if (status !== 200) reject(new Error(`a write was answered with ${status}`));
            send();
          };
          connection.onBroken = reject;
          send();
        });
        connection.close();
      }),
    );
    clearInterval(watch);
    const seconds = (performance.now() - startedMs) / 1000;
    console.log(`${keys} keys of 256 bytes in ${Math.round(seconds)} s, ${Math.round(keys / seconds)} a second`);
    await cluster.settled();
    for (const member of cluster.members) {
      const role = member === leader ? 'leader  ' : 'follower';
      const { db_size_bytes } = (await cluster.statusOf(member))!;
      const mebibytes = (bytes: number): number => Math.round(bytes / 2 ** 20);
      console.log(
        `${role} ${mebibytes(usageOf(member.process.pid!).residentBytes)} MiB resident, ${mebibytes(db_size_bytes!)} MiB of data`,
      );
    }
    console.log(`at the most ${Math.round(peakBytes / 2 ** 20)} MiB resident`);
  } finally {
    await cluster.remove();
  }
}
