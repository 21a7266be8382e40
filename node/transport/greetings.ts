/** The frames around a conversation: hello, welcome, refusal, goodbye. JSON, so that later builds can add fields. */
import { z } from 'zod';
import { BodyReader } from './body-reader.ts';
import { FrameType } from './frame-types.ts';
import type { FrameWriter } from './frame-writer.ts';
import type { Expected } from './handshake.ts';
import { jsonText, readJson } from './json-frame.ts';
import { ProtocolError } from './protocol-error.ts';
import type { Hello, RefusedHandshake, SnapshotOffer } from './types.ts';

/** What the connection is for. */
export type Purpose = 'Stream' | 'Snapshot';
export type Opening = { readonly purpose: Purpose; readonly hello: Hello; readonly expected: Expected };
export type Goodbye = { readonly reason: string; readonly refusal: RefusedHandshake | null };

/** Hello, Welcome and Refused are below this; it bounds what an unknown caller can make us keep. */
export const GREETING_LIMIT_BYTES: number = 16 * 1024;

const natural = z.int().nonnegative();
const id = z.int().positive();
const hello = z.object({
  clusterId: z.string(),
  memberId: id,
  incarnation: z.string(),
  format: natural,
  oldestFormat: natural,
  peerAddress: z.string(),
  clientUrl: z.string(),
  version: z.string(),
});
const opening = z.object({
  purpose: z.enum(['Stream', 'Snapshot']),
  hello,
  expected: z.object({ id, incarnation: z.string() }),
});
const refused = z.object({
  code: z.enum([
    'ClusterIdMismatch',
    'MemberIdMismatch',
    'IncarnationMismatch',
    'FormatTooNew',
    'UnknownMember',
    'Removed',
    'NotReady',
  ]),
  message: z.string(),
});
const goodbye = z.object({ reason: z.string(), refusal: refused.nullable() });
const member = z.object({ id, name: z.string(), peerAddress: z.string(), incarnation: z.string() });
const offer = z.object({
  id: z.string(),
  term: natural,
  header: z.object({
    format: natural,
    clusterId: z.string(),
    index: natural,
    term: natural,
    membership: z.object({
      configIndex: natural,
      lastMemberId: natural,
      members: z.array(member),
      voters: z.array(id),
      leaving: z.array(id).nullable(),
    }),
    revision: natural,
  }),
});

export function writeOpening(writer: FrameWriter, value: Opening): void {
  writeJsonFrame(writer, FrameType.Hello, value);
}

export function writeWelcome(writer: FrameWriter, value: Hello): void {
  writeJsonFrame(writer, FrameType.Welcome, value);
}

export function writeRefused(writer: FrameWriter, value: RefusedHandshake): void {
  writeJsonFrame(writer, FrameType.Refused, value);
}

export function writeGoodbye(writer: FrameWriter, value: Goodbye): void {
  writeJsonFrame(writer, FrameType.Goodbye, value);
}

export function writeOffer(writer: FrameWriter, value: SnapshotOffer): void {
  writeJsonFrame(writer, FrameType.SnapshotOffer, value);
}

/** All of these throw `ProtocolError`. */
export function readOpening(body: Buffer): Opening {
  return parse('hello', opening, body);
}

export function readWelcome(body: Buffer): Hello {
  return parse('welcome', hello, body);
}

export function readRefused(body: Buffer): RefusedHandshake {
  return parse('refusal', refused, body);
}

export function readGoodbye(body: Buffer): Goodbye {
  return parse('goodbye', goodbye, body);
}

export function readOffer(body: Buffer): SnapshotOffer {
  return parse('snapshot offer', offer, body);
}

function writeJsonFrame(writer: FrameWriter, type: number, value: unknown): void {
  const text = jsonText(value);
  writer.begin(type);
  writer.text(text);
  if (!writer.end()) throw new Error(`a greeting of ${text.length} characters is over the limit of a frame`);
}

function parse<T>(what: string, schema: z.ZodType<T>, body: Buffer): T {
  const result = schema.safeParse(readJson(new BodyReader(body)));
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  throw new ProtocolError(
    `a ${what} is wrong at ${issue?.path.join('.') || 'its root'}: ${issue?.message ?? 'unknown'}`,
  );
}
