/** Our .proto files as descriptors, as server reflection hands them out: one file a package. */

import type protobuf from 'protobufjs';
import descriptor from 'protobufjs/ext/descriptor.js';
import { protoRoot } from '../../proto/reflected.ts';

export type Descriptors = {
  /** The file of this name, then all that it imports; null: there is none. */
  byFile(name: string): readonly Uint8Array[] | null;
  /** The file that declares this service, method, message, enum or field, then all that it imports. */
  bySymbol(name: string): readonly Uint8Array[] | null;
};

type Field = { name: string; typeName?: string };
type Message = { name: string; field?: Field[]; nestedType?: Message[] };
type Describing = { toDescriptor(syntax: string): { file: File[] } };
type File = { name: string; package: string; dependency: string[]; messageType: Message[] };

export function describeProtos(): Descriptors {
  const root = protoRoot();
  // What protobufjs leaves out of its type is there in what it makes.
  const { file: files } = (root as unknown as Describing).toDescriptor('proto3');
  for (const file of files) {
    const imports = new Set<string>();
    for (const message of file.messageType) complete(root, file.package, message, imports);
    file.dependency = [...imports].filter((name) => name !== file.package).map(fileNameOf);
  }
  const byName = new Map(files.map((file) => [file.name, file]));
  const withImports = (file: File, seen = new Set<File>()): Set<File> => {
    seen.add(file);
    for (const name of file.dependency) {
      const imported = byName.get(name)!;
      if (!seen.has(imported)) withImports(imported, seen);
    }
    return seen;
  };
  const encode = (file: File): Uint8Array => descriptor.FileDescriptorProto.encode(file as never).finish();
  const byFile = (name: string): readonly Uint8Array[] | null => {
    const file = byName.get(name);
    return file === undefined ? null : [...withImports(file)].map(encode);
  };
  return {
    byFile,
    bySymbol: (name) => {
      const packageName = packageOf(root, name);
      return packageName === null ? null : byFile(fileNameOf(packageName));
    },
  };
}

/** Says the types of fields in full, which protobufjs leaves relative, and notes whose they are. */
function complete(root: protobuf.Root, scope: string, message: Message, imports: Set<string>): void {
  const name = `${scope}.${message.name}`;
  const { fields } = root.lookupType(name);
  for (const field of message.field ?? []) {
    if (!field.typeName) continue;
    const full = fields[field.name]!.resolvedType!.fullName;
    field.typeName = full;
    imports.add(packageOf(root, full.slice(1))!);
  }
  for (const nested of message.nestedType ?? []) complete(root, name, nested, imports);
}

/** The longest namespace that holds it and is no type itself; null where there is nothing of this name. */
function packageOf(root: protobuf.Root, name: string): string | null {
  let found = root.lookup(name);
  if (found === null) {
    // A method or a field: what declares it is what counts.
    const [parent, last] = [name.slice(0, name.lastIndexOf('.')), name.slice(name.lastIndexOf('.') + 1)];
    const holder = root.lookup(parent) as { methods?: object; fields?: object } & protobuf.ReflectionObject;
    if (holder === null || !(last in { ...holder.methods, ...holder.fields })) return null;
    found = holder;
  }
  if (found.fullName.slice(1) !== name && found.fullName.slice(1) !== name.slice(0, name.lastIndexOf('.'))) return null;
  let at: protobuf.ReflectionObject | null = found;
  while (at !== null && at.constructor.name !== 'Namespace') at = at.parent;
  return at === null || at.fullName === '' ? null : at.fullName.slice(1);
}

/** The name that protobufjs gives to the file. */
function fileNameOf(packageName: string): string {
  return `${packageName.replaceAll('.', '_')}.proto`;
}
