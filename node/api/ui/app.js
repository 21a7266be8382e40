/** Puts the page together: one stream of views and events in, everything drawn from it. */
import { Browser } from './browser.js';
import { byId, element, setText } from './dom.js';
import { Logs } from './logs.js';
import { changesBetween, describeEvent, leaderOf } from './members.js';
import { Ring } from './ring.js';
import { count } from './text.js';
import { Tiles } from './tiles.js';

const maxEvents = 200;
const metricsIntervalMs = 2000;

const ring = new Ring(byId('ring'));
const logs = new Logs();
const tiles = new Tiles();
/** @type {import('./members.js').ClusterView | null} */
let view = null;

const source = new EventSource('v1/events');
source.addEventListener('cluster', (event) => {
  const next = JSON.parse(event.data);
  for (const change of changesBetween(view, next)) addEvent(next.time_ms, change);
  view = next;
  ring.show(next);
  logs.show(next);
  summarize(next);
});
source.addEventListener('member', (event) => {
  const happened = JSON.parse(event.data);
  const self = view?.members.find((member) => member.is_self)?.name ?? 'this member';
  const described = describeEvent(happened, self);
  if (described !== null) addEvent(happened.time_ms, described);
});
source.addEventListener('open', () => connected(true));
source.addEventListener('error', () => connected(false));

new Browser();
refreshTiles();
setInterval(refreshTiles, metricsIntervalMs);
chooseTheme();

function summarize(/** @type {import('./members.js').ClusterView} */ { members }) {
  const self = members.find((member) => member.is_self)?.status;
  const leader = leaderOf({ time_ms: 0, members });
  const newest = Math.max(0, ...members.map(({ status }) => status?.revision ?? 0));
  const facts = [
    ['cluster', self?.cluster_id ?? 'none'],
    ['members', String(members.length)],
    ['leader', leader?.name ?? 'none'],
    ['term', count(leader?.status?.term ?? self?.term)],
    ['revision', count(newest)],
    ['seen by', self?.name ?? ''],
  ];
  const list = byId('summary');
  if (list.childElementCount === 0) {
    list.append(
      ...facts.map(([name = '']) => element('div', {}, element('dt', {}, name), element('dd', { 'data-fact': name }))),
    );
  }
  for (const [name, value = ''] of facts) {
    const shown = list.querySelector(`[data-fact="${name}"]`);
    if (shown !== null) setText(shown, value);
  }
}

function addEvent(/** @type {number} */ timeMs, /** @type {{ kind: string, text: string }} */ { kind, text }) {
  const list = byId('event-list');
  const time = new Date(timeMs);
  const clock = `${time.toLocaleTimeString('en-GB')}.${String(time.getMilliseconds()).padStart(3, '0')}`;
  list.prepend(
    element('li', {}, element('time', { datetime: time.toISOString() }, clock), element('span', { class: kind }, text)),
  );
  while (list.childElementCount > maxEvents) list.lastElementChild?.remove();
}

function connected(/** @type {boolean} */ isLive) {
  const note = byId('connection');
  note.classList.toggle('live', isLive);
  setText(note, isLive ? 'live' : `no connection to ${location.host}, trying again`);
}

function refreshTiles() {
  // Without a connection the note in the header says so already.
  if (document.visibilityState === 'visible') tiles.refresh().catch(() => undefined);
}

function chooseTheme() {
  const button = byId('theme');
  const themes = ['system', 'dark', 'light'];
  const apply = (/** @type {string} */ theme) => {
    document.documentElement.dataset['theme'] = theme;
    setText(button, `theme: ${theme}`);
  };
  apply(localStorage.getItem('theme') ?? 'system');
  button.addEventListener('click', () => {
    const now = document.documentElement.dataset['theme'] ?? 'system';
    const theme = themes[(themes.indexOf(now) + 1) % themes.length] ?? 'system';
    localStorage.setItem('theme', theme);
    apply(theme);
  });
}
