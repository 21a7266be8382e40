/** A few of the serving member's metrics, from `/metrics`. */
import { byId, element } from './dom.js';
import { bytes, count } from './text.js';

export class Tiles {
  #list = byId('metric-tiles');
  /** @type {{ atMs: number, samples: Map<string, number> } | null} */
  #before = null;

  async refresh() {
    const response = await fetch('metrics');
    if (!response.ok) return;
    const now = { atMs: performance.now(), samples: sumByName(await response.text()) };
    const tiles = tilesOf(now, this.#before);
    this.#before = now;
    this.#list.replaceChildren(
      ...tiles.map(([name, value]) => element('div', {}, element('dt', {}, name), element('dd', {}, value))),
    );
  }
}

/**
 * Sums of all series of a name: enough for totals.
 * @returns {Map<string, number>}
 */
export function sumByName(/** @type {string} */ exposition) {
  const sums = new Map();
  for (const line of exposition.split('\n')) {
    const match = /^([a-z_:][\w:]*)(?:\{.*\})? (\S+)/i.exec(line);
    if (match === null) continue;
    const [, name = '', value] = match;
    sums.set(name, (sums.get(name) ?? 0) + Number(value));
  }
  return sums;
}

/** @typedef {{ atMs: number, samples: Map<string, number> }} Scrape */

/** @returns {[string, string][]} */
function tilesOf(/** @type {Scrape} */ now, /** @type {Scrape | null} */ before) {
  const sample = (/** @type {string} */ name) => now.samples.get(name);
  const change = (/** @type {string} */ name) => (sample(name) ?? 0) - (before?.samples.get(name) ?? 0);
  const seconds = before === null ? 0 : (now.atMs - before.atMs) / 1000;
  const rate = (/** @type {string} */ name) =>
    seconds > 0 && sample(name) !== undefined ? count(Math.round(change(name) / seconds)) : '–';
  const mean = (/** @type {string} */ name) => {
    const events = change(`${name}_count`);
    return before === null || events <= 0 ? '–' : `${((change(`${name}_sum`) / events) * 1000).toFixed(2)} ms`;
  };
  const lag = sample('nodejs_eventloop_lag_p99_seconds');
  return [
    ['requests/s', rate('quorate_http_requests_total')],
    ['mean request', mean('quorate_http_request_seconds')],
    ['mean log write', mean('quorate_log_append_seconds')],
    ['mean quorum', mean('quorate_quorum_seconds')],
    ['event loop p99', lag === undefined ? '–' : `${(lag * 1000).toFixed(1)} ms`],
    ['memory', bytes(sample('process_resident_memory_bytes'))],
  ];
}
