/** The calls of the key browser. A key that a path cannot carry goes into the query, as base64. */

/** @typedef {import('../../../client/types.ts').ApiKeyValue} KeyValue */

/** @returns {Promise<import('../../../client/types.ts').ApiRangeAnswer>} */
export async function listKeys(/** @type {string} */ prefix, /** @type {string | null} */ cursor) {
  const query = new URLSearchParams({ limit: '50' });
  if (prefix !== '') query.set('prefix', prefix);
  if (cursor !== null) query.set('cursor', cursor);
  return (await call(`v1/kv?${query}`, {})).json();
}

/** @returns {Promise<{ bytes: Uint8Array, revision: string, lease: string | null }>} */
export async function readKey(/** @type {{ key?: string, key_base64?: string }} */ item) {
  const response = await call(urlOf(item), {});
  return {
    bytes: new Uint8Array(await response.arrayBuffer()),
    revision: response.headers.get('etag') ?? '',
    lease: response.headers.get('x-quorate-lease'),
  };
}

/** @param {string | null} revision the one that is overwritten, as an ETag; null for a key that must not exist yet */
export async function writeKey(
  /** @type {{ key?: string, key_base64?: string }} */ item,
  /** @type {string} */ value,
  revision,
  /** @type {string | null} */ lease,
) {
  const headers = revision === null ? { 'if-none-match': '*' } : { 'if-match': revision };
  const keepsLease = lease === null ? '' : `lease=${lease}`;
  await call(withQuery(urlOf(item), keepsLease), { method: 'PUT', headers, body: value });
}

export async function deleteKey(
  /** @type {{ key?: string, key_base64?: string }} */ item,
  /** @type {string} */ revision,
) {
  await call(urlOf(item), { method: 'DELETE', headers: { 'if-match': revision } });
}

function urlOf(/** @type {{ key?: string, key_base64?: string }} */ { key, key_base64 }) {
  if (key !== undefined && key !== '.' && key !== '..') return `v1/kv/${encodeURIComponent(key)}`;
  return key === undefined
    ? `v1/kv?${new URLSearchParams({ key_base64: key_base64 ?? '' })}`
    : `v1/kv?${new URLSearchParams({ key })}`;
}

function withQuery(/** @type {string} */ url, /** @type {string} */ query) {
  return query === '' ? url : `${url}${url.includes('?') ? '&' : '?'}${query}`;
}

async function call(/** @type {string} */ url, /** @type {RequestInit} */ init) {
  const response = await fetch(url, { cache: 'no-store', ...init });
  if (response.ok) return response;
  const body = await response.json().catch(() => null);
  throw new Error(body?.error?.message ?? `the member answers with ${response.status}`);
}
