/** Quantities of Kubernetes, as `1536Ki` or `100m` (k8s.io/apimachinery, pkg/api/resource). */

const suffixes: Readonly<Record<string, number>> = {
  n: 1e-9,
  u: 1e-6,
  m: 1e-3,
  '': 1,
  k: 1e3,
  M: 1e6,
  G: 1e9,
  T: 1e12,
  P: 1e15,
  E: 1e18,
  Ki: 2 ** 10,
  Mi: 2 ** 20,
  Gi: 2 ** 30,
  Ti: 2 ** 40,
  Pi: 2 ** 50,
  Ei: 2 ** 60,
};

const pattern = /^([+-]?(?:\d+\.?\d*|\.\d+))(?:([eE][+-]?\d+)|(n|u|m|k|M|G|T|P|E|Ki|Mi|Gi|Ti|Pi|Ei))?$/;

/** Its value, as bytes or cores; null when it is no quantity. */
export function quantityValue(text: string): number | null {
  const match = pattern.exec(text);
  if (match === null) return null;
  const [, digits, exponent, suffix] = match;
  return exponent === undefined ? Number(digits) * suffixes[suffix ?? '']! : Number(`${digits}${exponent}`);
}
