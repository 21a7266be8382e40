import assert from 'node:assert/strict';
import test from 'node:test';
import protobuf from 'protobufjs';
import descriptor from 'protobufjs/ext/descriptor.js';
import type { Message } from '../../testing/grpc-client.ts';
import { startTestEtcd } from '../../testing/start-test-etcd.ts';

for (const version of ['v1', 'v1alpha']) {
  test(`services and their types can be asked for (${version})`, async (t) => {
    const { client } = await startTestEtcd(t);
    const name = `grpc.reflection.${version}`;
    const stream = client.open(`/${name}.ServerReflection/ServerReflectionInfo`, [
      `${name}.ServerReflectionRequest`,
      `${name}.ServerReflectionResponse`,
    ]);
    stream.send({ list_services: '*' });
    const { service } = (await stream.next())['list_services_response'] as { service: { name: string }[] };
    const services = service.map((one) => one.name);
    for (const one of [
      'etcdserverpb.KV',
      'etcdserverpb.Cluster',
      'grpc.health.v1.Health',
      `${name}.ServerReflection`,
    ]) {
      assert.ok(services.includes(one), one);
    }
    for (const symbol of [
      ...services,
      'etcdserverpb.KV.Range',
      'etcdserverpb.RangeRequest.SortOrder',
      'mvccpb.KeyValue',
    ]) {
      stream.send({ file_containing_symbol: symbol });
      const answer = await stream.next();
      const root = rootOf(answer);
      assert.ok(root.lookup(symbol.replace(/\.Range$/, '')) !== null, symbol);
    }
    for (const symbol of ['etcdserverpb.Nothing', 'etcdserverpb.KV.Nothing', '']) {
      stream.send({ file_containing_symbol: symbol });
      assert.equal((await stream.next())['error_response']?.error_code, 5, symbol);
    }
    stream.send({ file_by_filename: 'v3lockpb.proto' });
    const root = rootOf(await stream.next());
    assert.equal(root.lookupType('v3lockpb.LockResponse').fields['header']?.type, '.etcdserverpb.ResponseHeader');
    stream.end();
    assert.equal((await stream.ended).code, 0);
  });
}

/** As a client puts the files together; throws when one of them refers to what is not there. */
function rootOf(answer: Message): protobuf.Root {
  const file = (answer['file_descriptor_response'].file_descriptor_proto as Buffer[]).map((bytes) =>
    descriptor.FileDescriptorProto.decode(bytes),
  );
  const names = file.map((one) => (one as unknown as { name: string }).name);
  for (const one of file) for (const imported of one.dependency ?? []) assert.ok(names.includes(imported), imported);
  const root = (protobuf.Root as unknown as { fromDescriptor(set: object): protobuf.Root }).fromDescriptor({ file });
  root.resolveAll();
  return root;
}
