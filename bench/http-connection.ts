/**
 * One keep-alive connection that does no more than a benchmark needs: it writes a prepared request and finds the end of
 * the answer. Node's own client would cost more than the server under test.
 */
import { connect, type Socket } from 'node:net';

const HEADER_END = Buffer.from('\r\n\r\n');
const LENGTH = Buffer.from('content-length: ');
const LENGTH_CAPITAL = Buffer.from('Content-Length: ');

export class HttpConnection {
  readonly #socket: Socket;
  #buffered: Buffer | null = null;
  /** Called once for each complete answer, in order. */
  onAnswer: (status: number) => void = () => {};
  onBroken: (error: Error) => void = () => {};

  static open(host: string, port: number): Promise<HttpConnection> {
    return new Promise((resolve, reject) => {
      const socket = connect({ host, port, noDelay: true });
      socket.once('error', reject);
      socket.once('connect', () => {
        socket.off('error', reject);
        resolve(new HttpConnection(socket));
      });
    });
  }

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.on('data', (chunk) => this.#take(chunk));
    socket.on('error', (error) => this.onBroken(error));
    socket.on('close', () => this.onBroken(new Error('closed')));
  }

  send(request: Buffer): void {
    this.#socket.write(request);
  }

  close(): void {
    this.onBroken = () => {};
    this.#socket.destroy();
  }

  #take(chunk: Buffer): void {
    let data = this.#buffered === null ? chunk : Buffer.concat([this.#buffered, chunk]);
    for (;;) {
      const headerEnd = data.indexOf(HEADER_END);
      if (headerEnd < 0) break;
      const end = headerEnd + HEADER_END.length + contentLength(data, headerEnd);
      if (data.length < end) break;
      const status = Number(data.toString('latin1', 9, 12));
      data = data.subarray(end);
      this.onAnswer(status);
    }
    this.#buffered = data.length === 0 ? null : data;
  }
}

function contentLength(data: Buffer, headerEnd: number): number {
  let at = data.indexOf(LENGTH_CAPITAL);
  if (at < 0 || at > headerEnd) at = data.indexOf(LENGTH);
  if (at < 0 || at > headerEnd) return 0;
  const start = at + LENGTH.length;
  return Number(data.toString('latin1', start, data.indexOf('\r', start)));
}
