/** A backup on its way. */

export type Snapshot = {
  readonly body: ReadableStream<Uint8Array>;
};

export async function readSnapshot(response: Response): Promise<Snapshot> {
  if (response.body === null) throw new Error('the answer has no body');
  return { body: response.body };
}
