/** Request bodies, collected by hand: their limits hold before bytes are read, and nothing is copied needlessly. */
import { isUtf8 } from 'node:buffer';
import type { IncomingMessage } from 'node:http';
import { RequestError } from '../server/types.ts';
import { invalid } from './errors.ts';
import type { Exchange } from './exchange.ts';

/** The client closed its connection before it had sent all: nobody waits for an answer. */
export class ClientGone extends Error {}

/**
 * Of a refused body, this much is read and dropped so that the client gets to see the answer; past it the connection
 * is closed.
 */
export const drainableBytes: number = 8 * 1024 * 1024;

const awaiting = new WeakSet<IncomingMessage>();

/** The client has sent `Expect: 100-continue`, and sends its body only when it is told to. */
export function markAwaitingContinue(request: IncomingMessage): void {
  awaiting.add(request);
}

export function awaitsContinue(request: IncomingMessage): boolean {
  return awaiting.has(request);
}

const empty = Buffer.alloc(0);

/** Throws `too_large`, `overloaded`, or `ClientGone`. */
export function readBody(exchange: Exchange, maxBytes: number): Promise<Buffer> {
  const { request } = exchange;
  const declared = request.headers['content-length'];
  const isChunked = request.headers['transfer-encoding'] !== undefined;
  if (!isChunked && (declared === undefined || declared === '0')) return Promise.resolve(empty);
  if (declared !== undefined) {
    const sizeBytes = Number(declared);
    if (sizeBytes > maxBytes) throw tooLarge(maxBytes);
    exchange.holdBytes(sizeBytes);
  }
  if (awaiting.delete(request)) exchange.response.writeContinue();
  return collect(exchange, maxBytes, declared === undefined);
}

function collect(exchange: Exchange, maxBytes: number, mustHold: boolean): Promise<Buffer> {
  const { request } = exchange;
  return new Promise((resolve, reject) => {
    let chunks: Buffer[] = [];
    let sizeBytes = 0;
    let isRefused = false;
    const refuse = (error: unknown): void => {
      isRefused = true;
      chunks = [];
      reject(error);
    };
    request.on('data', (chunk: Buffer) => {
      sizeBytes += chunk.length;
      if (isRefused) {
        if (sizeBytes > drainableBytes) request.destroy();
        return;
      }
      if (sizeBytes > maxBytes) return refuse(tooLarge(maxBytes));
      try {
        if (mustHold) exchange.holdBytes(chunk.length);
        chunks.push(chunk);
      } catch (error) {
        refuse(error);
      }
    });
    request.on('end', () =>
      resolve(chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks, isRefused ? 0 : sizeBytes)),
    );
    request.on('close', () => {
      if (!request.complete) reject(new ClientGone());
    });
    // An error means that the client is gone; 'close' follows and is handled above.
    request.on('error', () => undefined);
  });
}

/** @param ifEmpty what a request without a body means; an error where undefined */
export async function readJson(exchange: Exchange, ifEmpty?: unknown): Promise<{ body: Buffer; json: unknown }> {
  const body = await readBody(exchange, exchange.api.limits.maxJsonBytes);
  if (body.length === 0) {
    if (ifEmpty === undefined) throw invalid('the body is empty; it must be JSON');
    return { body, json: ifEmpty };
  }
  if (!isUtf8(body)) throw invalid('the body is not UTF-8');
  try {
    return { body, json: JSON.parse(body.toString('utf8')) };
  } catch (error) {
    throw invalid(`the body is not JSON: ${(error as Error).message}`);
  }
}

function tooLarge(maxBytes: number): RequestError {
  return new RequestError('too_large', `the body is larger than ${maxBytes} bytes`);
}
