/**
 * From JSON Schema, as zod writes it, to a structural schema, as a CRD must have it: no `$ref`, no `additionalProperties`
 * beside `properties`, a type everywhere, and formats from which kubectl and CEL know the size of a number.
 */

type Schema = { readonly [key: string]: unknown };

export function structural(schema: Schema): Schema {
  const { type, properties, additionalProperties, items } = schema;
  const made: Record<string, unknown> = { ...kept(schema), ...typeOf(schema) };
  if (properties !== undefined) {
    made['properties'] = Object.fromEntries(
      Object.entries(properties as Record<string, Schema>).map(([name, inner]) => [name, structural(inner)]),
    );
  }
  if (isOpen(additionalProperties)) {
    made['x-kubernetes-preserve-unknown-fields'] = true;
  } else if (properties === undefined && typeof additionalProperties === 'object') {
    made['additionalProperties'] = structural(additionalProperties as Schema);
  }
  if (type === 'array') made['items'] = structural(items as Schema);
  if (made['default'] !== undefined) made['default'] = completed(made['default'], made);
  return made;
}

/** With the defaults of what is in it: rules are asked of a default before those are filled in. */
function completed(value: unknown, { properties }: Schema): unknown {
  if (properties === undefined) return value;
  const made: Record<string, unknown> = { ...(value as Schema) };
  for (const [name, inner] of Object.entries(properties as Record<string, Schema>)) {
    if (made[name] === undefined && inner['default'] !== undefined) made[name] = inner['default'];
  }
  return made;
}

const keptKeys = [
  'description',
  'default',
  'enum',
  'required',
  'minLength',
  'maxLength',
  'minItems',
  'maxItems',
  'maxProperties',
  'x-kubernetes-validations',
  'x-kubernetes-list-type',
  'x-kubernetes-list-map-keys',
] as const;

const known: ReadonlySet<string> = new Set([
  ...keptKeys,
  '$schema',
  'type',
  'properties',
  'additionalProperties',
  'propertyNames',
  'items',
  'pattern',
  'format',
  'minimum',
  'maximum',
  'anyOf',
  'x-kubernetes-int-or-string',
]);

function kept(schema: Schema): Schema {
  const unknown = Object.keys(schema).filter((key) => !known.has(key));
  // Left out silently, a rule that zod checks would be none for the API server.
  if (unknown.length > 0) throw new Error(`a structural schema cannot say ${unknown.join(', ')}`);
  return Object.fromEntries(keptKeys.filter((key) => schema[key] !== undefined).map((key) => [key, schema[key]]));
}

function typeOf(schema: Schema): Schema {
  const { type, pattern, format } = schema;
  if (schema['x-kubernetes-int-or-string'] === true) return { 'x-kubernetes-int-or-string': true, pattern };
  // A format says it all; the pattern that zod writes beside it is for those who do not know the format.
  if (format !== undefined) return { type, format };
  if (type === 'integer') return integer(schema as { minimum?: number; maximum?: number });
  if (type === undefined) throw new Error(`no type in ${JSON.stringify(schema)}`);
  return pattern === undefined ? { type } : { type, pattern };
}

function integer({ minimum, maximum }: { readonly minimum?: number; readonly maximum?: number }): Schema {
  const fits = maximum !== undefined && maximum < 2 ** 31;
  return {
    type: 'integer',
    format: fits ? 'int32' : 'int64',
    ...(minimum === undefined || minimum === Number.MIN_SAFE_INTEGER ? {} : { minimum }),
    ...(maximum === undefined || maximum === Number.MAX_SAFE_INTEGER ? {} : { maximum }),
  };
}

/** `{}` allows anything. */
function isOpen(additionalProperties: unknown): boolean {
  return (
    typeof additionalProperties === 'object' &&
    additionalProperties !== null &&
    Object.keys(additionalProperties).length === 0
  );
}
