/** The requests of `etcdserverpb.KV`, as they come: what they mean is checked elsewhere (../services/kv-commands.ts). */
import { ProtoReader } from './reader.ts';

export type RangeRequest = {
  key: Buffer;
  rangeEnd: Buffer;
  limit: number;
  revision: number;
  sortOrder: number;
  sortTarget: number;
  serializable: boolean;
  keysOnly: boolean;
  countOnly: boolean;
  minModRevision: number;
  maxModRevision: number;
  minCreateRevision: number;
  maxCreateRevision: number;
};

export type PutRequest = {
  key: Buffer;
  value: Buffer;
  lease: bigint;
  prevKv: boolean;
  ignoreValue: boolean;
  ignoreLease: boolean;
};

export type DeleteRangeRequest = { key: Buffer; rangeEnd: Buffer; prevKv: boolean };

/** Null: an operation that says nothing. */
export type RequestOp =
  | { readonly kind: 'Range'; readonly request: RangeRequest }
  | { readonly kind: 'Put'; readonly request: PutRequest }
  | { readonly kind: 'DeleteRange'; readonly request: DeleteRangeRequest }
  | { readonly kind: 'Txn'; readonly request: TxnRequest }
  | null;

/** What it compares with lies in the field of its own target; the others are what they are when absent. */
export type CompareRequest = {
  result: number;
  target: number;
  key: Buffer;
  rangeEnd: Buffer;
  version: number;
  createRevision: number;
  modRevision: number;
  value: Buffer;
  lease: bigint;
};

export type TxnRequest = {
  readonly compare: CompareRequest[];
  readonly success: RequestOp[];
  readonly failure: RequestOp[];
};

export type CompactionRequest = { revision: number; physical: boolean };

export function decodeRangeRequest(bytes: Buffer): RangeRequest {
  return readRange(new ProtoReader(bytes));
}

export function decodePutRequest(bytes: Buffer): PutRequest {
  return readPut(new ProtoReader(bytes));
}

export function decodeDeleteRangeRequest(bytes: Buffer): DeleteRangeRequest {
  return readDeleteRange(new ProtoReader(bytes));
}

export function decodeTxnRequest(bytes: Buffer): TxnRequest {
  return readTxn(new ProtoReader(bytes));
}

export function decodeCompactionRequest(bytes: Buffer): CompactionRequest {
  const reader = new ProtoReader(bytes);
  const request: CompactionRequest = { revision: 0, physical: false };
  for (let tag = reader.tag(); tag !== 0; tag = reader.tag()) {
    if (tag === 8) request.revision = reader.integer();
    else if (tag === 16) request.physical = reader.bool();
    else reader.skip(tag);
  }
  return request;
}

const EMPTY = Buffer.alloc(0);

function readRange(reader: ProtoReader): RangeRequest {
  const request: RangeRequest = {
    key: EMPTY,
    rangeEnd: EMPTY,
    limit: 0,
    revision: 0,
    sortOrder: 0,
    sortTarget: 0,
    serializable: false,
    keysOnly: false,
    countOnly: false,
    minModRevision: 0,
    maxModRevision: 0,
    minCreateRevision: 0,
    maxCreateRevision: 0,
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
        request.limit = reader.integer();
        break;
      case 32:
        request.revision = reader.integer();
        break;
      case 40:
        request.sortOrder = reader.integer();
        break;
      case 48:
        request.sortTarget = reader.integer();
        break;
      case 56:
        request.serializable = reader.bool();
        break;
      case 64:
        request.keysOnly = reader.bool();
        break;
      case 72:
        request.countOnly = reader.bool();
        break;
      case 80:
        request.minModRevision = reader.integer();
        break;
      case 88:
        request.maxModRevision = reader.integer();
        break;
      case 96:
        request.minCreateRevision = reader.integer();
        break;
      case 104:
        request.maxCreateRevision = reader.integer();
        break;
      default:
        reader.skip(tag);
    }
  }
  return request;
}

function readPut(reader: ProtoReader): PutRequest {
  const request: PutRequest = {
    key: EMPTY,
    value: EMPTY,
    lease: 0n,
    prevKv: false,
    ignoreValue: false,
    ignoreLease: false,
  };
  for (let tag = reader.tag(); tag !== 0; tag = reader.tag()) {
    switch (tag) {
      case 10:
        request.key = reader.bytes();
        break;
      case 18:
        request.value = reader.bytes();
        break;
      case 24:
        request.lease = reader.bigint();
        break;
      case 32:
        request.prevKv = reader.bool();
        break;
      case 40:
        request.ignoreValue = reader.bool();
        break;
      case 48:
        request.ignoreLease = reader.bool();
        break;
      default:
        reader.skip(tag);
    }
  }
  return request;
}

function readDeleteRange(reader: ProtoReader): DeleteRangeRequest {
  const request: DeleteRangeRequest = { key: EMPTY, rangeEnd: EMPTY, prevKv: false };
  for (let tag = reader.tag(); tag !== 0; tag = reader.tag()) {
    if (tag === 10) request.key = reader.bytes();
    else if (tag === 18) request.rangeEnd = reader.bytes();
    else if (tag === 24) request.prevKv = reader.bool();
    else reader.skip(tag);
  }
  return request;
}

function readTxn(reader: ProtoReader): TxnRequest {
  const request: TxnRequest = { compare: [], success: [], failure: [] };
  for (let tag = reader.tag(); tag !== 0; tag = reader.tag()) {
    if (tag === 10) request.compare.push(reader.nested(readCompare));
    else if (tag === 18) request.success.push(reader.nested(readOperation));
    else if (tag === 26) request.failure.push(reader.nested(readOperation));
    else reader.skip(tag);
  }
  return request;
}

function readCompare(reader: ProtoReader): CompareRequest {
  const request: CompareRequest = {
    result: 0,
    target: 0,
    key: EMPTY,
    rangeEnd: EMPTY,
    version: 0,
    createRevision: 0,
    modRevision: 0,
    value: EMPTY,
    lease: 0n,
  };
  for (let tag = reader.tag(); tag !== 0; tag = reader.tag()) {
    switch (tag) {
      case 8:
        request.result = reader.integer();
        break;
      case 16:
        request.target = reader.integer();
        break;
      case 26:
        request.key = reader.bytes();
        break;
      case 32:
        request.version = reader.integer();
        break;
      case 40:
        request.createRevision = reader.integer();
        break;
      case 48:
        request.modRevision = reader.integer();
        break;
      case 58:
        request.value = reader.bytes();
        break;
      case 64:
        request.lease = reader.bigint();
        break;
      case 514:
        request.rangeEnd = reader.bytes();
        break;
      default:
        reader.skip(tag);
    }
  }
  return request;
}

/** When a oneof comes more than once, the last one counts. */
function readOperation(reader: ProtoReader): RequestOp {
  let operation: RequestOp = null;
  for (let tag = reader.tag(); tag !== 0; tag = reader.tag()) {
    if (tag === 10) operation = { kind: 'Range', request: reader.nested(readRange) };
    else if (tag === 18) operation = { kind: 'Put', request: reader.nested(readPut) };
    else if (tag === 26) operation = { kind: 'DeleteRange', request: reader.nested(readDeleteRange) };
    else if (tag === 34) operation = { kind: 'Txn', request: reader.nested(readTxn) };
    else reader.skip(tag);
  }
  return operation;
}
