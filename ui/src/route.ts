// Which view the address names, with what parameters, and how to go to another without loading the page again.
//
// All of a view's state that a copied link should carry stands in the address. A parameter that is not
// known, or whose value makes no sense, is ignored and named in `ignored`.
import { batch, computed, signal } from '@preact/signals';
import { parseStep } from './query-ask';
import { RANGE_DEFAULT_S, endText, parseEnd, parseRange, rangeText, type Period } from './period';

export type Route = { view: 'overview' } | { view: 'storage' } | { view: 'map' } | { view: 'query' } | { view: 'service'; name: string } | { view: 'missing'; path: string };

const BASE = '/ui/';

// Each parameter, and which values it takes. Those that are kept go along to the next view.
const anything = () => true;
const PARAMS: Record<string, { accepts(value: string): boolean; kept?: boolean }> = {
  range: { accepts: (value) => parseRange(value) !== null, kept: true },
  end: { accepts: (value) => parseEnd(value) !== null, kept: true },
  kiosk: { accepts: (value) => value === '1', kept: true },
  as: { accepts: (value) => value === 'table' },
  q: { accepts: anything },
  sort: { accepts: anything },
  group: { accepts: anything },
  tab: { accepts: anything },
  expr: { accepts: anything },
  view: { accepts: (value) => value === 'table' || value === 'graph' },
  step: { accepts: (value) => parseStep(value) !== null },
};

export function parseRoute(pathname: string): Route {
  const rest = pathname.startsWith(BASE) ? pathname.slice(BASE.length) : '';
  if (rest === '') return { view: 'overview' };
  const [head, name, ...more] = rest.split('/');
  if (head === 'storage' && name === undefined) return { view: 'storage' };
  if (head === 'map' && name === undefined) return { view: 'map' };
  if (head === 'query' && name === undefined) return { view: 'query' };
  if (head !== 'services' || !name || more.length > 0) return { view: 'missing', path: pathname };
  try {
    return { view: 'service', name: decodeURIComponent(name) };
  } catch {
    return { view: 'missing', path: pathname };
  }
}

export const overviewPath = BASE;
export const mapPath = `${BASE}map`;
export const storagePath = `${BASE}storage`;
export const queryPath = `${BASE}query`;
export const servicePath = (name: string) => `${BASE}services/${encodeURIComponent(name)}`;

const path = signal(location.pathname);
export const route = computed<Route>(() => parseRoute(path.value));
const search = signal(location.search);

const given = computed(() => [...new URLSearchParams(search.value)]);
export const ignored = computed(() => given.value.filter(([name, value]) => !PARAMS[name]?.accepts(value)).map(([name, value]) => `${name}=${value}`));

// The parameter's value where the address has a valid one, else null.
export function param(name: string): string | null {
  const found = given.value.find(([other, value]) => other === name && PARAMS[name]!.accepts(value));
  return found ? found[1] : null;
}

// The period of the charts.
export const period = computed<Period>(() => ({
  rangeS: parseRange(param('range') ?? '') ?? RANGE_DEFAULT_S,
  endMs: parseEnd(param('end') ?? ''),
}));
export const hasCharts = computed(() => route.value.view === 'service' || route.value.view === 'query');
// The charts end before now.
export const isPast = computed(() => hasCharts.value && period.value.endMs !== null);
export const kiosk = computed(() => param('kiosk') !== null);

function read(): void {
  batch(() => {
    path.value = location.pathname;
    search.value = location.search;
  });
}

// Colons, commas and slashes may stand in a query as they are (RFC 3986, 3.4): the address is for people, too.
function searchText(params: URLSearchParams): string {
  const text = params.toString().replace(/%3A/g, ':').replace(/%2C/g, ',').replace(/%2F/g, '/');
  return text && `?${text}`;
}

// Changes parameters of this view; null takes one out. Opening something pushes, typing replaces.
export function setParams(changes: Record<string, string | null>, how: 'push' | 'replace' = 'push'): void {
  const params = new URLSearchParams(location.search);
  for (const [name, value] of Object.entries(changes)) {
    if (value === null || value === '') params.delete(name);
    else params.set(name, value);
  }
  const next = searchText(params);
  if (next === location.search) return;
  if (how === 'push') history.pushState(null, '', location.pathname + next);
  else history.replaceState(null, '', location.pathname + next);
  read();
}

export function setPeriod({ rangeS, endMs }: Period, how: 'push' | 'replace' = 'push'): void {
  setParams({ range: rangeS === RANGE_DEFAULT_S ? null : rangeText(rangeS), end: endMs === null ? null : endText(endMs) }, how);
}

// Opens a view: an own path, with parameters of its own or none. What is kept goes along.
export function go(path: string): void {
  const [pathname = '', own = ''] = path.split('?');
  const params = new URLSearchParams(own);
  for (const [name, value] of new URLSearchParams(location.search))
    if (PARAMS[name]?.kept && !params.has(name)) params.set(name, value);
  const next = pathname + searchText(params);
  if (next !== location.pathname + location.search) history.pushState(null, '', next);
  read();
  scrollTo(0, 0);
}

// Follows an own link in place, and leaves modified clicks (new tab, new window) to the browser.
export function follow(event: MouseEvent, path: string): void {
  if (event.defaultPrevented || event.button !== 0) return;
  if (event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
  event.preventDefault();
  go(path);
}

addEventListener('popstate', read);
