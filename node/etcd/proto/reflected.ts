/**
 * Messages that are too rare for code of their own, by the .proto files and protobufjs. Fields have the names of the
 * .proto file; int64 and uint64 are bigint, bytes are Buffers, enums are numbers, what is absent has its default
 * (a message: null). Nothing is read before the first of them is asked for.
 */
import { readFileSync } from 'node:fs';
import protobuf from 'protobufjs';
import type { ProtoWriter } from './writer.ts';

const files = [
  'kv.proto',
  'auth.proto',
  'rpc.proto',
  'v3lock.proto',
  'v3election.proto',
  'health.proto',
  'reflection.proto',
  'reflection_v1alpha.proto',
];

let loaded: protobuf.Root | null = null;

/** All our types, for those who need them as such: reflection, the JSON gateway, tests. */
export function protoRoot(): protobuf.Root {
  if (loaded !== null) return loaded;
  const root = new protobuf.Root();
  for (const file of files) {
    const text = readFileSync(new URL(file, import.meta.url), 'utf8');
    protobuf.parse(text, root, { keepCase: true });
  }
  root.resolveAll();
  loaded = root;
  return root;
}

export type ReflectedCodec<T> = {
  readonly decode: (bytes: Buffer) => T;
  readonly encode: (writer: ProtoWriter, message: T) => void;
};

const asObject: protobuf.IConversionOptions = { longs: BigInt, bytes: Buffer, defaults: true, arrays: true };

/** @param T what `name` is in TypeScript; on the way out, fields may be left out */
export function reflected<T extends object>(name: string): ReflectedCodec<T> {
  let type: protobuf.Type | null = null;
  const lookup = (): protobuf.Type => {
    type ??= protoRoot().lookupType(name);
    return type;
  };
  return {
    decode: (bytes) => lookup().toObject(lookup().decode(bytes), asObject) as T,
    encode: (writer, message) => writer.raw(lookup().encode(lookup().fromObject(message)).finish()),
  };
}
