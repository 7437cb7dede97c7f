// The queries that were answered of late, in this browser.
import { signal } from '@preact/signals';

const KEY = 'fusebox.queries';
const QUERIES_MAX = 20;
const LENGTH_MAX = 2000;

function stored(): readonly string[] {
  try {
    const found: unknown = JSON.parse(localStorage.getItem(KEY) ?? '[]');
    return Array.isArray(found) ? found.filter((text): text is string => typeof text === 'string' && text.length <= LENGTH_MAX).slice(0, QUERIES_MAX) : [];
  } catch {
    return []; // no storage, or something else in it
  }
}

export const earlier = signal<readonly string[]>(stored());

function keep(next: readonly string[]): void {
  earlier.value = next;
  try {
    if (next.length === 0) localStorage.removeItem(KEY);
    else localStorage.setItem(KEY, JSON.stringify(next));
  } catch {
    // they last as long as the page
  }
}

export function remember(text: string): void {
  if (text.length > LENGTH_MAX || earlier.peek()[0] === text) return;
  keep([text, ...stored().filter((other) => other !== text)].slice(0, QUERIES_MAX)); // another tab may have added some
}

export const forgetAll = (): void => keep([]);
