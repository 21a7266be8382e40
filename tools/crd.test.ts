import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { parse } from 'yaml';
import { crdFile, crdPage } from './crd.ts';
import { structural } from './structural-schema.ts';

type Schema = { readonly [key: string]: unknown };

const schema = (
  parse(crdPage()) as { spec: { versions: [{ schema: { openAPIV3Schema: { properties: Record<string, Schema> } } }] } }
).spec.versions[0].schema.openAPIV3Schema;

test('the file is what the schemas say', () => {
  assert.equal(readFileSync(crdFile, 'utf8'), crdPage());
});

test('kubectl explain explains every field, of the status too', () => {
  const silent = [...fieldsOf('spec', schema.properties['spec']!), ...fieldsOf('status', schema.properties['status']!)]
    .filter(([, field]) => typeof field['description'] !== 'string' || field['description'].length < 5)
    .map(([path]) => path);
  assert.deepEqual(silent, []);
});

test('every list and map of rules is bounded, so that the rules are', () => {
  const unbounded = fieldsOf('spec', schema.properties['spec']!)
    .filter(([, field]) => field['x-kubernetes-validations'] !== undefined)
    .filter(([, field]) => (field['type'] === 'array' ? field['maxItems'] === undefined : false))
    .map(([path]) => path);
  assert.deepEqual(unbounded, []);
});

test('what a structural schema cannot say is an error, and not left out', () => {
  assert.throws(() => structural({ type: 'array', items: { type: 'string' }, uniqueItems: true }), /uniqueItems/);
  assert.throws(() => structural({ anyOf: [{ type: 'string' }, { type: 'number' }] }), /no type/);
});

test('a default is whole', () => {
  const inner = {
    type: 'object',
    properties: { a: { type: 'integer', default: 1 }, b: { type: 'string' } },
    default: {},
  };
  assert.deepEqual(structural({ type: 'object', properties: { inner }, default: {} })['default'], { inner: { a: 1 } });
});

function fieldsOf(path: string, field: Schema): [string, Schema][] {
  const inner = { ...(field['properties'] as Record<string, Schema> | undefined) };
  const items = field['items'] as Schema | undefined;
  return [
    [path, field],
    ...Object.entries(inner).flatMap(([name, one]) => fieldsOf(`${path}.${name}`, one)),
    ...Object.entries((items?.['properties'] ?? {}) as Record<string, Schema>).flatMap(([name, one]) =>
      fieldsOf(`${path}[].${name}`, one),
    ),
  ];
}
