/**
 * What zod cannot say of a field and the schema in the CRD can: rules in CEL, which the API server checks itself, and how
 * lists are merged (https://kubernetes.io/docs/tasks/extend-kubernetes/custom-resources/custom-resource-definitions/).
 */

export type Rule = {
  /** CEL. `self` is the value, `oldSelf` the one before an update; a rule with `oldSelf` is not asked on create. */
  readonly rule: string;
  /** A sentence for whoever wrote the object. */
  readonly message: string;
  /** Below the value that the rule stands at. */
  readonly fieldPath?: string;
};

/** For `.meta()`. */
export function rules(...list: readonly Rule[]): Record<string, unknown> {
  return { 'x-kubernetes-validations': list };
}

/** For `.meta()` of an array: elements are known by these fields, so that two owners can each apply their own. */
export function listMap(...keys: readonly string[]): Record<string, unknown> {
  return { 'x-kubernetes-list-type': 'map', 'x-kubernetes-list-map-keys': keys };
}

/** CEL for a comparison of quantities. */
export function quantityCompare(a: string, operator: '>=' | '<=' | '<', b: string): string {
  return `quantity(${a}).compareTo(quantity(${b})) ${operator} 0`;
}
