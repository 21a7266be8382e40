/** Reads Server-Sent Events one by one, as a test goes along. */
import type { TestContext } from 'node:test';
import { createParser } from 'eventsource-parser';

export type Frame = { readonly event: string; readonly id: string | undefined; readonly data: unknown };

export type EventReader = {
  readonly response: Response;
  next(): Promise<Frame>;
  comments(): number;
  /** Resolves when the server has ended the stream in good order, rejects when it broke off. */
  readonly ended: Promise<void>;
  close(): void;
};

export async function readEvents(
  t: TestContext,
  url: string,
  headers: Record<string, string> = {},
): Promise<EventReader> {
  const controller = new AbortController();
  t.after(() => controller.abort());
  const response = await fetch(url, { headers, signal: controller.signal });
  if (response.status !== 200) throw new Error(`${url} answers with ${response.status}: ${await response.text()}`);
  const frames: Frame[] = [];
  let comments = 0;
  let wake: () => void = () => undefined;
  const parser = createParser({
    onEvent: ({ event, id, data }) => {
      frames.push({ event: event ?? 'message', id, data: JSON.parse(data) });
      wake();
    },
    onComment: () => {
      comments += 1;
    },
  });
  const ended = (async () => {
    const decoder = new TextDecoder();
    for await (const chunk of response.body!) parser.feed(decoder.decode(chunk, { stream: true }));
  })();
  ended.catch(() => undefined).finally(() => wake());
  let isOver = false;
  ended.then(
    () => {
      isOver = true;
    },
    () => {
      isOver = true;
    },
  );
  return {
    response,
    comments: () => comments,
    ended,
    close: () => controller.abort(),
    next: async () => {
      while (frames.length === 0) {
        if (isOver) throw new Error('the stream has ended');
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
      return frames.shift()!;
    },
  };
}
