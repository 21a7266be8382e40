/** Tells one that does not speak gRPC so, in HTTP's terms, once it has said what it wanted. */
import { encodeHeaders } from '../http2/hpack/encode.ts';
import type { Receiver, Stream } from '../http2/stream.ts';

const TEXT = Buffer.from('HTTP/2 is for gRPC here, by POST; the HTTP API is served over HTTP/1.1.\n');

const answers = {
  405: headersOf('405'),
  415: headersOf('415'),
} as const;

export class HttpRefusal implements Receiver {
  readonly #stream: Stream;
  readonly #status: keyof typeof answers;

  constructor(stream: Stream, status: keyof typeof answers) {
    this.#stream = stream;
    this.#status = status;
  }

  data(): void {}

  end(): void {
    this.#stream.sendHeaders(answers[this.#status]);
    void this.#stream.send(TEXT);
    this.#stream.finish();
  }

  closed(): void {}
}

function headersOf(status: string): Buffer {
  return encodeHeaders([
    [':status', status],
    ['content-type', 'text/plain'],
    ['content-length', String(TEXT.length)],
    ['allow', 'POST'],
  ]);
}
