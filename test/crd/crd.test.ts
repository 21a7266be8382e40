import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { parse } from 'yaml';
import { raftClusterSpec } from '../../operator/api/spec.ts';
import { isKubeError } from '../../operator/kube/errors.ts';
import { statusOf } from '../../operator/status/status-of.ts';
import { clusterOf, decisionOf, observedOf } from '../../operator/status/testing/healthy.ts';
import { crdFile } from '../../tools/crd.ts';
import { skip, useCrd } from './installed-crd.ts';
import { refusedBySchema, ruleCases } from './rule-cases.ts';

const crd = useCrd();
const timeout = 240_000;

function isRefusal(error: unknown, ofWhat: string): boolean {
  assert.ok(isKubeError(error, 'Invalid'), String(error));
  const told = error.causes.map(({ field, message }) => `${field}: ${message}`).join('\n');
  assert.ok(told.includes(ofWhat), `${ofWhat}\nis not what was said:\n${told}\n${error.message}`);
  return true;
}

test('every rule lets one object pass and refuses one', { skip, timeout }, async (t) => {
  for (const [index, { rule, before, accepted, rejected, names }] of ruleCases.entries()) {
    await t.test(rule, async () => {
      if (names !== undefined) {
        for (const name of names.accepted) await crd().dryRun(name, accepted);
        for (const name of names.rejected) {
          await assert.rejects(crd().dryRun(name, rejected), (error) => isRefusal(error, rule));
        }
        return;
      }
      const name = `rule-${index}`;
      if (before !== undefined) await crd().apply(name, before);
      await crd().dryRun(name, accepted);
      await assert.rejects(crd().dryRun(name, rejected), (error) => isRefusal(error, rule));
    });
  }
});

test('types, bounds and patterns are refused by the field', { skip, timeout }, async () => {
  for (const [field, spec] of refusedBySchema) {
    await assert.rejects(crd().dryRun('refused', spec), (error) => isRefusal(error, field));
  }
});

test('an object of six lines gets every default, the same that the operator knows', { skip, timeout }, async () => {
  const { spec } = await crd().dryRun('defaults', { replicas: 3 });
  assert.deepEqual(spec, raftClusterSpec.parse({}));
  const empty = await crd().dryRun('defaults', undefined);
  assert.deepEqual(empty.spec, raftClusterSpec.parse({}));
});

test('an object that no operator has looked at is not settled for those who go by observedGeneration', {
  skip,
  timeout,
}, async () => {
  const { metadata, status } = await crd().apply('unseen', {});
  assert.equal(metadata.generation, 1);
  assert.deepEqual(status, { observedGeneration: -1 });
});

test('what is opaque is kept as it is, and what is misspelt is refused', { skip, timeout }, async () => {
  const given = {
    podTemplate: { volumes: [{ name: 'a', configMap: { name: 'b', items: [{ key: 'c', path: 'd' }] } }] },
    podSecurityContext: { runAsUser: 1000, sysctls: [{ name: 'a', value: 'b' }] },
    scheduling: { tolerations: [{ key: 'a', operator: 'Exists' }] },
  };
  assert.partialDeepStrictEqual((await crd().dryRun('opaque', given)).spec, given);
  await assert.rejects(crd().dryRun('opaque', { replica: 5 }), /spec\.replica: field not declared/);
});

test('the status is kept whole, and /scale reads and writes', { skip, timeout }, async () => {
  await crd().apply('scaled', { replicas: 3 });
  const status = statusOf(observedOf(), decisionOf(), clusterOf().status);
  assert.deepEqual((await crd().applyStatus('scaled', status)).status, status);
  const scale = await crd().scale('scaled', 5);
  assert.deepEqual(scale.status, { replicas: 3, selector: status.selector });
  assert.equal((await crd().get('scaled'))?.spec.replicas, 5);
});

test('no rule is without a case', () => {
  const asked = new Set(ruleCases.map(({ rule }) => rule));
  const said = [...messagesOf(parse(readFileSync(crdFile, 'utf8')))];
  assert.ok(said.length > 20);
  assert.deepEqual(new Set(said), asked);
});

test('kubectl explain has a sentence for every field', () => {
  const [version] = parse(readFileSync(crdFile, 'utf8')).spec.versions as { schema: { openAPIV3Schema: Schema } }[];
  const { properties = {} } = version!.schema.openAPIV3Schema;
  const fields = ['spec', 'status'].flatMap((part) => [...fieldsOf(properties[part]!, part)]);
  assert.ok(fields.length > 150);
  assert.deepEqual(
    fields.filter(({ description }) => !/[.)]$/.test(description)).map(({ path }) => path),
    [],
  );
});

type Schema = {
  readonly description?: string;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly items?: Schema;
};

function* fieldsOf({ properties = {}, items }: Schema, path: string): Generator<{ path: string; description: string }> {
  if (items !== undefined) yield* fieldsOf(items, `${path}[]`);
  for (const [name, field] of Object.entries(properties)) {
    yield { path: `${path}.${name}`, description: field.description ?? '' };
    yield* fieldsOf(field, `${path}.${name}`);
  }
}

function* messagesOf(value: unknown): Generator<string> {
  if (typeof value !== 'object' || value === null) return;
  for (const [key, inner] of Object.entries(value)) {
    if (key === 'x-kubernetes-validations') {
      for (const { message } of inner as { message: string }[]) yield message;
    } else yield* messagesOf(inner);
  }
}
