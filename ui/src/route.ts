// Which view the address names, and how to go to another without loading the page again.
import { signal } from '@preact/signals';

export type Route = { view: 'overview' } | { view: 'storage' } | { view: 'map' } | { view: 'service'; name: string } | { view: 'missing'; path: string };

const BASE = '/ui/';

export function parseRoute(pathname: string): Route {
  const rest = pathname.startsWith(BASE) ? pathname.slice(BASE.length) : '';
  if (rest === '') return { view: 'overview' };
  const [head, name, ...more] = rest.split('/');
  if (head === 'storage' && name === undefined) return { view: 'storage' };
  if (head === 'map' && name === undefined) return { view: 'map' };
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
export const servicePath = (name: string) => `${BASE}services/${encodeURIComponent(name)}`;

export const route = signal<Route>(parseRoute(location.pathname));

export function go(path: string): void {
  if (path !== location.pathname) history.pushState(null, '', path);
  route.value = parseRoute(location.pathname);
  scrollTo(0, 0);
}

// Follows an own link in place, and leaves modified clicks (new tab, new window) to the browser.
export function follow(event: MouseEvent, path: string): void {
  if (event.defaultPrevented || event.button !== 0) return;
  if (event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
  event.preventDefault();
  go(path);
}

addEventListener('popstate', () => {
  route.value = parseRoute(location.pathname);
});
