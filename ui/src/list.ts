// What stands in the list of services, in which order: the address' filter, sort and group over the rows.
//
// While the pointer or the focus is in the list its entries keep their places, and a note says how many
// would move; figures go on changing. A filter, a sort or a group that a person chooses takes effect at once.
import { batch, computed, effect, signal } from '@preact/signals';
import { NUMBERS, parseFilter, passes } from './filter';
import { param } from './route';
import { caughtUp, figuresMoved, order, rowOf, statesMoved } from './rows';
import type { Row } from './views';

export interface Sort {
  key: string;
  reverse: boolean;
}

// Large is bad of everything but these, and the worst stands first. Names go from a to z.
const LOW_FIRST = new Set(['success', 'left', 'left_hour', 'name']);
export const sortsUp = ({ key, reverse }: Sort): boolean => LOW_FIRST.has(key) !== reverse;

export const filter = computed(() => parseFilter(param('q') ?? ''));
export const sort = computed<Sort | null>(() => {
  const [, minus, key = ''] = /^(-?)(.*)$/.exec(param('sort') ?? '')!;
  return key === 'name' || NUMBERS.has(key) ? { key, reverse: minus === '-' } : null;
});
const GROUPS = new Map<string, (row: Row) => string | null>([['team', (row) => row.team], ['env', (row) => row.environment]]);
export const group = computed(() => (GROUPS.has(param('group') ?? '') ? param('group') : null));

// What the address says of the list and means nothing to it.
export const faults = computed(() => [
  ...filter.value.faults,
  ...(['sort', 'group'] as const).filter((name) => param(name) && !{ sort, group }[name].value).map((name) => `${name}=${param(name)}`),
]);

function sorted(names: readonly string[], by: Sort): readonly string[] {
  const up = sortsUp(by) ? 1 : -1;
  if (by.key === 'name') return [...names].sort((a, b) => (a < b ? -up : up));
  const value = new Map(names.map((name) => [name, NUMBERS.get(by.key)!(rowOf(name)!.row.peek())]));
  return [...names].sort((a, b) => {
    const [x = null, y = null] = [value.get(a), value.get(b)];
    if (x === null || y === null) return Number(x === null) - Number(y === null); // not known: last, either way
    return (x - y) * up;
  });
}

// A group's heading among the names: no name of a service has a NUL in it.
const HEADING = '\u0000';
export const headingOf = (entry: string): string | null => (entry.startsWith(HEADING) ? entry.slice(1) : null);

function grouped(names: readonly string[], by: string): readonly string[] {
  const groups = new Map<string, string[]>();
  for (const name of names) {
    const key = GROUPS.get(by)!(rowOf(name)!.state.peek()) ?? '';
    groups.get(key)?.push(name) ?? groups.set(key, [name]);
  }
  return [...groups].flatMap(([key, members]) => [HEADING + key, ...members]);
}

export const hits = computed<readonly string[]>(() => {
  const plain = filter.value.terms.length === 0;
  if (!plain || sort.value) void (figuresMoved.value + statesMoved.value);
  const found = plain ? order.value : order.value.filter((name) => passes(filter.value, rowOf(name)!.row.peek()));
  return sort.value ? sorted(found, sort.value) : found;
});
const entries = computed<readonly string[]>(() => {
  if (!group.value) return hits.value;
  void statesMoved.value;
  return grouped(hits.value, group.value);
});

export const busy = signal(false); // the pointer or the focus is in the list
export const places = signal<readonly string[]>([]);
export const placesCount = computed(() => places.value.length);
export const inOrder = signal(false); // the places are the server's
const chosen = computed(() => `${param('q')} ${param('sort')} ${param('group')} ${caughtUp.value}`);
let chosenLast = '';

const same = (a: readonly string[], b: readonly string[]) => a.length === b.length && a.every((entry, i) => entry === b[i]);

// The places as they are, without those that are gone, and the new ones behind.
function keeping(now: readonly string[], next: readonly string[]): readonly string[] {
  const alive = new Set(next);
  const placed = new Set(now);
  return [...now.filter((entry) => alive.has(entry)), ...next.filter((entry) => !placed.has(entry))];
}

effect(() => {
  const next = entries.value;
  const now = places.peek();
  const held = busy.value && now.length > 0 && chosen.value === chosenLast;
  chosenLast = chosen.value;
  const then = held ? keeping(now, next) : next;
  batch(() => {
    if (!same(then, now)) places.value = then;
    inOrder.value = same(then, order.peek());
  });
});

export const moved = computed(() => places.value.reduce((n, entry, i) => n + (entries.value[i] === entry ? 0 : 1), 0));

export function reSort(): void {
  places.value = entries.peek();
}

// The headings' words: how many of the group, and how many of those are not well.
export function headingWords(heading: string): { count: number; bad: number } {
  const members = hits.value.map((name) => rowOf(name)!.state.peek()).filter((row) => (GROUPS.get(group.value ?? '')?.(row) ?? '') === heading);
  return { count: members.length, bad: members.filter((row) => row.health === 'unhealthy' || row.health === 'degraded').length };
}
