/** The members on a ring: roles as colours, the leader's links to the others, and what travels along them. */
import { setClass, setText, svgElement } from './dom.js';
import { leaderOf, roleOf } from './members.js';

const memberRadius = 40;
/** A follower that the leader has not heard for longer than this is drawn as cut off. */
const silentAfterMs = 2000;

export class Ring {
  #svg;
  #links = svgElement('g');
  #pulses = svgElement('g');
  #members = svgElement('g');
  /** @type {Map<number | string, { group: Element, role: Element, term: Element, x: number, y: number }>} */
  #drawn = new Map();
  /** @type {Map<number, number>} */
  #matched = new Map();
  #shape = '';

  constructor(/** @type {Element} */ svg) {
    this.#svg = svg;
    svg.append(this.#links, this.#pulses, this.#members);
  }

  show(/** @type {import('./members.js').ClusterView} */ view) {
    this.#place(view);
    for (const member of view.members) {
      const drawn = this.#drawn.get(member.id ?? member.name);
      if (drawn === undefined) continue;
      const role = roleOf(member);
      setClass(drawn.group, `member role-${role}${member.is_self ? ' is-self' : ''}`);
      setText(drawn.role, role);
      setText(drawn.term, member.status?.term === undefined ? '' : `term ${member.status.term}`);
    }
    this.#link(leaderOf(view));
  }

  /** Anew only when members come or go. */
  #place(/** @type {import('./members.js').ClusterView} */ view) {
    const shape = view.members.map((member) => `${member.id}/${member.name}`).join(' ');
    if (shape === this.#shape) return;
    this.#shape = shape;
    this.#drawn.clear();
    this.#matched.clear();
    this.#members.replaceChildren();
    // Wider than high, as screens are, and with room for seven.
    const radius = view.members.length === 1 ? 0 : 110 + 6 * view.members.length;
    view.members.forEach((member, at) => {
      const angle = (2 * Math.PI * at) / view.members.length - Math.PI / 2;
      const [x, y] = [radius * 1.3 * Math.cos(angle), radius * Math.sin(angle)];
      const role = svgElement('text', { class: 'role', x, y: y + 13 });
      const term = svgElement('text', { class: 'term', x, y: y + memberRadius + 17 });
      const name = member.name.length > 11 ? `${member.name.slice(0, 10)}…` : member.name;
      const group = svgElement(
        'g',
        { class: 'member' },
        svgElement(
          'title',
          {},
          member.client_url === undefined ? member.name : `${member.name} at ${member.client_url}`,
        ),
        svgElement('circle', { cx: x, cy: y, r: memberRadius }),
        svgElement('text', { class: 'name', x, y: y - 2 }, name),
        role,
        term,
      );
      this.#members.append(group);
      this.#drawn.set(member.id ?? member.name, { group, role, term, x, y });
    });
    this.#frame();
  }

  #frame() {
    const places = [...this.#drawn.values()];
    const [left, right] = [Math.min(...places.map(({ x }) => x)), Math.max(...places.map(({ x }) => x))];
    const [top, bottom] = [Math.min(...places.map(({ y }) => y)), Math.max(...places.map(({ y }) => y))];
    const margin = memberRadius + 8;
    const box = [left - margin, top - margin, right - left + 2 * margin, bottom - top + 2 * margin + 22];
    this.#svg.setAttribute('viewBox', box.map(Math.round).join(' '));
  }

  #link(/** @type {import('./members.js').MemberView | null} */ leader) {
    this.#links.replaceChildren();
    const from = leader?.id === undefined ? undefined : this.#drawn.get(leader.id);
    if (from === undefined) return;
    for (const peer of leader?.status?.peers ?? []) {
      const to = this.#drawn.get(peer.id);
      if (to === undefined) continue;
      const isSilent = peer.last_contact_ms === null || peer.last_contact_ms > silentAfterMs;
      const line = svgElement('line', {
        class: `link ${isSilent ? 'silent' : peer.state}`,
        x1: from.x,
        y1: from.y,
        x2: to.x,
        y2: to.y,
      });
      const trip = peer.round_trip_ms === null ? '' : `, round trip ${peer.round_trip_ms.toFixed(1)} ms`;
      line.append(svgElement('title', {}, `${peer.state}, acknowledged through ${peer.match}${trip}`));
      this.#links.append(line);
      if (peer.match > (this.#matched.get(peer.id) ?? peer.match)) this.#pulse(from, to);
      this.#matched.set(peer.id, peer.match);
    }
  }

  /** A dot from the leader for entries that this follower has acknowledged since the last view. */
  #pulse(/** @type {{ x: number, y: number }} */ from, /** @type {{ x: number, y: number }} */ to) {
    const dot = svgElement('circle', { class: 'pulse', r: 5, cx: from.x, cy: from.y });
    this.#pulses.append(dot);
    const move = `translate(${to.x - from.x}px, ${to.y - from.y}px)`;
    dot
      .animate([{ transform: 'translate(0, 0)' }, { transform: move }], { duration: 350, easing: 'ease-in-out' })
      .finished.then(
        () => dot.remove(),
        () => dot.remove(),
      );
  }
}
