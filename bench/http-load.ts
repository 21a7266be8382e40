/** A closed loop of clients: each sends its next request when the last one is answered. */
import { setTimeout as sleep } from 'node:timers/promises';
import { HttpConnection } from './http-connection.ts';
import { Latencies } from './latencies.ts';

export type Load = {
  /** Host and port of each member; clients are spread over them in turn. */
  readonly endpoints: readonly { readonly host: string; readonly port: number }[];
  readonly clients: number;
  /** Requests that each connection keeps in flight; above 1 they are pipelined. */
  readonly depth: number;
  readonly warmUpMs: number;
  readonly measureMs: number;
  readonly request: (sequence: number) => Buffer;
};

export type LoadResult = { readonly perSecond: number; readonly latencies: Latencies; readonly failures: number };

/** @param onMeasure called when the warm-up is over and when the measurement is */
export async function drive(load: Load, onMeasure: (edge: 'start' | 'end') => Promise<void>): Promise<LoadResult> {
  const connections = await Promise.all(
    Array.from({ length: load.clients }, (_, i) => {
      const { host, port } = load.endpoints[i % load.endpoints.length]!;
      return HttpConnection.open(host, port);
    }),
  );
  let sequence = 0;
  let isRunning = true;
  let latencies = new Latencies();
  let failures = 0;
  for (const connection of connections) {
    const sentMs: number[] = [];
    const next = (): void => {
      sentMs.push(performance.now());
      connection.send(load.request(sequence++));
    };
    connection.onAnswer = (status) => {
      latencies.add(performance.now() - sentMs.shift()!);
      if (status >= 400) failures++;
      if (isRunning) next();
    };
    connection.onBroken = () => {
      failures++;
    };
    for (let i = 0; i < load.depth; i++) next();
  }
  await sleep(load.warmUpMs);
  await onMeasure('start');
  latencies = new Latencies();
  failures = 0;
  const startedMs = performance.now();
  await sleep(load.measureMs);
  const seconds = (performance.now() - startedMs) / 1000;
  const result = { perSecond: latencies.count / seconds, latencies, failures };
  isRunning = false;
  await onMeasure('end');
  for (const connection of connections) connection.close();
  return result;
}

export function putRequest(host: string, key: string, value: Buffer): Buffer {
  const head = `PUT /v1/kv/${key} HTTP/1.1\r\nHost: ${host}\r\nContent-Length: ${value.length}\r\n\r\n`;
  return Buffer.concat([Buffer.from(head, 'latin1'), value]);
}

export function getRequest(host: string, key: string, isSerializable: boolean): Buffer {
  const query = isSerializable ? '?consistency=serializable' : '';
  return Buffer.from(`GET /v1/kv/${key}${query} HTTP/1.1\r\nHost: ${host}\r\n\r\n`, 'latin1');
}
