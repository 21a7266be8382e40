/** One row a member: its position in numbers, and its newest log entries as a strip aligned with the others'. */
import { byId, element, setClass, setText, svgElement } from './dom.js';
import { entryAt, roleOf, stripWindow } from './members.js';
import { bytes, count, duration } from './text.js';

const cells = 72;

export class Logs {
  #body = byId('log-rows');
  #range = byId('strip-range');
  /** @type {Map<number | string, ReturnType<typeof makeRow>>} */
  #rows = new Map();
  #shape = '';

  show(/** @type {import('./members.js').ClusterView} */ view) {
    const shape = view.members.map((member) => `${member.id}/${member.name}`).join(' ');
    if (shape !== this.#shape) {
      this.#shape = shape;
      this.#rows = new Map(view.members.map((member) => [member.id ?? member.name, makeRow(member.name)]));
      this.#body.replaceChildren(...[...this.#rows.values()].map(({ row }) => row));
    }
    const window = stripWindow(view, cells);
    setText(this.#range, window.last === 0 ? '' : `${count(window.first)} – ${count(window.last)}`);
    for (const member of view.members) showMember(this.#rows.get(member.id ?? member.name), member, window);
  }
}

function makeRow(/** @type {string} */ name) {
  const badge = element('span');
  const numbers = ['term', 'last', 'commit', 'applied', 'store', 'up'].map((label) =>
    element('td', { class: `number ${label}` }),
  );
  const rects = Array.from({ length: cells }, (_, at) =>
    svgElement('rect', { x: at * 10, y: 1, width: 9, height: 16, rx: 1.5 }),
  );
  const strip = svgElement(
    'svg',
    { class: 'strip', viewBox: `0 0 ${cells * 10} 18`, preserveAspectRatio: 'none' },
    ...rects,
  );
  const note = element('span', { class: 'note' });
  const row = element(
    'tr',
    { 'data-member': name },
    element('th', { scope: 'row' }, name),
    element('td', { class: 'badge-cell' }, badge),
    ...numbers.slice(0, 4),
    element('td', {}, strip, note),
    ...numbers.slice(4),
  );
  return { row, badge, numbers, rects, strip, note };
}

function showMember(
  /** @type {ReturnType<typeof makeRow> | undefined} */ drawn,
  /** @type {import('./members.js').MemberView} */ member,
  /** @type {{ first: number, last: number }} */ window,
) {
  if (drawn === undefined) return;
  const { status } = member;
  const role = roleOf(member);
  setText(drawn.badge, role);
  setClass(drawn.badge, `role-${role}`);
  const values = [
    count(status?.term),
    count(status?.last_index),
    count(status?.commit),
    count(status?.applied),
    bytes(status?.db_size_bytes),
    duration(status?.uptime_seconds),
  ];
  for (const [at, cell] of drawn.numbers.entries()) setText(cell, values[at] ?? '');
  const isDrawn = status?.last_index !== undefined && window.last > 0;
  drawn.strip.toggleAttribute('hidden', !isDrawn);
  setText(drawn.note, noteOf(member, window));
  if (!isDrawn) return;
  drawn.rects.forEach((rect, at) => {
    const index = window.first + at;
    setClass(rect, `entry-${index > window.last ? 'missing' : entryAt(status, index)}`);
  });
}

function noteOf(
  /** @type {import('./members.js').MemberView} */ member,
  /** @type {{ first: number, last: number }} */ window,
) {
  const { status, error } = member;
  if (status === undefined) return error ?? 'not heard of yet';
  if (status.state === 'Parked') return `${status.reason}: ${status.message ?? ''}`;
  const last = status.last_index ?? 0;
  return last < window.first && window.last > 0 ? `${count(window.last - last)} entries behind` : '';
}
