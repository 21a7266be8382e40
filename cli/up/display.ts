/** What `quorate up` shows: in a terminal a table that stays and changes, elsewhere a line for each thing that happens. */
import { type MemberView, roleOf } from '../members-view.ts';
import { renderTable } from '../table.ts';
import type { PlannedMember } from './plan.ts';

export interface Display {
  /** Something happened. */
  note(line: string): void;
  members(members: readonly LocalMember[]): void;
  /** What was shown of the members is true no more. */
  clear(): void;
}

export type LocalMember = { readonly plan: PlannedMember; readonly view: MemberView | null };

export function localTable(members: readonly LocalMember[]): string[] {
  const rows = members.map(({ plan, view }) => {
    const status = view?.status ?? null;
    if (status === null) return [plan.name, plan.endpoint, 'starting or away', null, null];
    return [plan.name, plan.endpoint, roleOf(status), status.term ?? null, status.commit ?? null];
  });
  return renderTable(['MEMBER', 'ENDPOINT', 'ROLE', 'TERM', 'COMMIT'], rows);
}

/** The table lies below everything that was noted, and is drawn over. */
export class LiveDisplay implements Display {
  readonly #write: (text: string) => void;
  readonly #columns: () => number;
  #drawn: readonly string[] = [];

  /** @param columns of the terminal as it is now: a line that wraps could not be drawn over */
  constructor(write: (text: string) => void, columns: () => number) {
    this.#write = write;
    this.#columns = columns;
  }

  note(line: string): void {
    this.#redraw(this.#drawn, `${line}\n`);
  }

  members(members: readonly LocalMember[]): void {
    const lines = ['', ...localTable(members)].map((line) => line.slice(0, this.#columns() - 1));
    if (lines.join('\n') !== this.#drawn.join('\n')) this.#redraw(lines, '');
  }

  clear(): void {
    this.#redraw([], '');
  }

  #redraw(lines: readonly string[], above: string): void {
    const back = this.#drawn.length === 0 ? '' : `\x1b[${this.#drawn.length}F\x1b[0J`;
    this.#write(`${back}${above}${lines.map((line) => `${line}\n`).join('')}`);
    this.#drawn = lines;
  }
}

/** For a file or a pipe: the table once all is well, then a line for each change of role or term. */
export class LineDisplay implements Display {
  readonly #write: (text: string) => void;
  readonly #last = new Map<string, string>();
  #isTableShown = false;

  constructor(write: (text: string) => void) {
    this.#write = write;
  }

  note(line: string): void {
    this.#write(`${line}\n`);
  }

  members(members: readonly LocalMember[]): void {
    if (!this.#isTableShown) {
      if (members.some(({ view }) => view?.status?.state !== 'Member') || leaderOf(members) === null) return;
      this.#isTableShown = true;
      this.#write(`${localTable(members).join('\n')}\n`);
      for (const member of members) this.#last.set(member.plan.name, stateOf(member));
    }
    for (const member of members) {
      const state = stateOf(member);
      if (this.#last.get(member.plan.name) === state) continue;
      this.#last.set(member.plan.name, state);
      this.note(`${member.plan.name} ${state}`);
    }
  }

  clear(): void {}
}

export function leaderOf(members: readonly LocalMember[]): LocalMember | null {
  return members.find(({ view }) => view?.status?.role === 'Leader') ?? null;
}

function stateOf({ view }: LocalMember): string {
  const status = view?.status ?? null;
  if (status === null) return 'does not answer';
  if (status.state === 'Parked') return `is parked (${status.reason})`;
  return `is ${roleOf(status)}${status.term === undefined ? '' : ` in term ${status.term}`}`;
}
