/**
 * Messages as proto3 JSON, both ways: bytes in base64, 64-bit integers as text, enums by name. What comes in may also give
 * field names in camel case, enums and integers as numbers, and fields that nobody knows.
 */
import protobuf from 'protobufjs';
import { Code, GrpcError } from '../grpc/status.ts';
import { protoRoot } from '../proto/reflected.ts';

const MAX_DEPTH = 64;
const toText: protobuf.IConversionOptions = { longs: String, bytes: String, enums: String };

/** @throws GrpcError */
export function encodeJson(typeName: string, json: unknown): Buffer {
  const type = protoRoot().lookupType(typeName);
  return Buffer.from(type.encode(type.fromObject(objectOf(type, json, typeName, 0))).finish());
}

/** What is zero or empty is left out. */
export function decodeToJson(typeName: string, message: Buffer): object {
  const type = protoRoot().lookupType(typeName);
  return type.toObject(type.decode(message), toText);
}

function objectOf(type: protobuf.Type, json: unknown, at: string, depth: number): Record<string, unknown> {
  if (typeof json !== 'object' || json === null || Array.isArray(json)) throw invalid(`${at} must be an object`);
  if (depth > MAX_DEPTH) throw invalid(`${at} is nested too deeply`);
  const message: Record<string, unknown> = {};
  const isTaken = new Set<string>();
  for (const [name, value] of Object.entries(json)) {
    const field = fieldOf(type, name);
    if (field === undefined || value === null) continue;
    const group = field.partOf?.name ?? `.${field.name}`;
    if (isTaken.has(group)) throw invalid(`${at}.${name} is given twice, or beside another of its kind`);
    isTaken.add(group);
    const where = `${at}.${name}`;
    if (field.repeated) {
      if (!Array.isArray(value)) throw invalid(`${where} must be an array`);
      message[field.name] = value.map((item, n) => fieldValue(field, item, `${where}[${n}]`, depth));
    } else message[field.name] = fieldValue(field, value, where, depth);
  }
  return message;
}

const fieldsByName = new WeakMap<protobuf.Type, ReadonlyMap<string, protobuf.Field>>();

function fieldOf(type: protobuf.Type, name: string): protobuf.Field | undefined {
  let fields = fieldsByName.get(type);
  if (fields === undefined) {
    fields = new Map(
      type.fieldsArray.flatMap((field) => [
        [protobuf.util.camelCase(field.name), field],
        [field.name, field],
      ]),
    );
    fieldsByName.set(type, fields);
  }
  return fields.get(name);
}

function fieldValue(field: protobuf.Field, value: unknown, at: string, depth: number): unknown {
  const { resolvedType } = field;
  if (resolvedType instanceof protobuf.Type) return objectOf(resolvedType, value, at, depth + 1);
  if (resolvedType instanceof protobuf.Enum) return enumOf(resolvedType, value, at);
  switch (field.type) {
    case 'bytes':
      return bytesOf(value, at);
    case 'string':
      if (typeof value === 'string') return value;
      throw invalid(`${at} must be text`);
    case 'bool':
      if (typeof value === 'boolean') return value;
      throw invalid(`${at} must be true or false`);
    default:
      return integerOf(value, at, field.type);
  }
}

function bytesOf(value: unknown, at: string): Buffer {
  if (typeof value !== 'string' || !/^[A-Za-z0-9+/_-]*={0,2}$/.test(value)) throw invalid(`${at} must be base64`);
  return Buffer.from(value, 'base64');
}

function integerOf(value: unknown, at: string, type: string): bigint {
  const isNumber = typeof value === 'number' && Number.isSafeInteger(value);
  if (!isNumber && !(typeof value === 'string' && /^-?\d{1,20}$/.test(value))) {
    throw invalid(`${at} must be a whole number; beyond 2^53 it must be text`);
  }
  const integer = BigInt(value as string | number);
  const bits = type.endsWith('64') ? 64 : 32;
  const fits = type.startsWith('u') ? BigInt.asUintN(bits, integer) : BigInt.asIntN(bits, integer);
  if (fits !== integer) throw invalid(`${at} is out of the range of ${type}`);
  return integer;
}

function enumOf({ values }: protobuf.Enum, value: unknown, at: string): number {
  if (typeof value === 'number' && Number.isInteger(value)) return value;
  const number = typeof value === 'string' && Object.hasOwn(values, value) ? values[value] : undefined;
  if (number === undefined) throw invalid(`${at} must be one of ${Object.keys(values).join(', ')}`);
  return number;
}

function invalid(message: string): GrpcError {
  return new GrpcError(Code.InvalidArgument, message);
}
