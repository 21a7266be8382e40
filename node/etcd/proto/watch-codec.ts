/** The messages of `etcdserverpb.Watch`. */
import type { WatchedEvent } from '../../store/types.ts';
import { encodeHeader, type Header } from './header.ts';
import { encodeEvents } from './key-value-codec.ts';
import { ProtoReader } from './reader.ts';
import type { ProtoWriter } from './writer.ts';

export type WatchCreateRequest = {
  readonly kind: 'Create';
  key: Buffer;
  rangeEnd: Buffer;
  startRevision: number;
  progressNotify: boolean;
  filters: number[];
  prevKv: boolean;
  watchId: number;
  fragment: boolean;
};

/** Null: a request that says nothing. */
export type WatchRequest =
  | WatchCreateRequest
  | { readonly kind: 'Cancel'; readonly watchId: number }
  | { readonly kind: 'Progress' }
  | null;

export type WatchResponse = {
  readonly header: Header;
  readonly watchId: number;
  readonly created?: boolean;
  readonly canceled?: boolean;
  readonly compactRevision?: number;
  readonly cancelReason?: string;
  readonly fragment?: boolean;
  readonly events?: readonly WatchedEvent[];
};

export function decodeWatchRequest(bytes: Buffer): WatchRequest {
  const reader = new ProtoReader(bytes);
  let request: WatchRequest = null;
  for (let tag = reader.tag(); tag !== 0; tag = reader.tag()) {
    if (tag === 10) request = reader.nested(readCreate);
    else if (tag === 18) request = { kind: 'Cancel', watchId: reader.nested(readCancel) };
    else {
      reader.skip(tag);
      if (tag === 26) request = { kind: 'Progress' };
    }
  }
  return request;
}

export function encodeWatchResponse(writer: ProtoWriter, response: WatchResponse): void {
  if (response.events !== undefined) encodeSharedEvents(writer, response.events);
  writer.bool(7, response.fragment ?? false);
  writer.string(6, response.cancelReason ?? '');
  writer.integer(5, response.compactRevision ?? 0);
  writer.bool(4, response.canceled ?? false);
  writer.bool(3, response.created ?? false);
  writer.integer(2, response.watchId);
  encodeHeader(writer, response.header);
}

/** What is kept for the next one who watches the same. */
const MAX_SHARED_BYTES = 64 * 1024;
let sharedEvents: readonly WatchedEvent[] | null = null;
let sharedBytes: Buffer | null = null;

/** Those who watch the same key are given the same array, one right after the other: it is encoded once. */
function encodeSharedEvents(writer: ProtoWriter, events: readonly WatchedEvent[]): void {
  if (events === sharedEvents && sharedBytes !== null) {
    writer.raw(sharedBytes);
    return;
  }
  const end = writer.position;
  encodeEvents(writer, 11, events);
  // Only what a second one wants will be wanted by a third.
  sharedBytes = events === sharedEvents && writer.position - end <= MAX_SHARED_BYTES ? writer.copySince(end) : null;
  sharedEvents = events;
}

function readCreate(reader: ProtoReader): WatchCreateRequest {
  const request: WatchCreateRequest = {
    kind: 'Create',
    key: Buffer.alloc(0),
    rangeEnd: Buffer.alloc(0),
    startRevision: 0,
    progressNotify: false,
    filters: [],
    prevKv: false,
    watchId: 0,
    fragment: false,
  };
  for (let tag = reader.tag(); tag !== 0; tag = reader.tag()) {
    switch (tag) {
      case 10:
        request.key = reader.bytes();
        break;
      case 18:
        request.rangeEnd = reader.bytes();
        break;
      case 24:
        request.startRevision = reader.integer();
        break;
      case 32:
        request.progressNotify = reader.bool();
        break;
      case 40:
        request.filters.push(reader.integer());
        break;
      case 42:
        reader.packedIntegers(request.filters);
        break;
      case 48:
        request.prevKv = reader.bool();
        break;
      case 56:
        request.watchId = reader.integer();
        break;
      case 64:
        request.fragment = reader.bool();
        break;
      default:
        reader.skip(tag);
    }
  }
  return request;
}

function readCancel(reader: ProtoReader): number {
  let watchId = 0;
  for (let tag = reader.tag(); tag !== 0; tag = reader.tag()) {
    if (tag === 8) watchId = reader.integer();
    else reader.skip(tag);
  }
  return watchId;
}
