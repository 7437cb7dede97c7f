// The keys of the frame. They can be switched off, and mean nothing while one types or a dialog is open.
import { copyLink } from './copy';
import { jumpOpen, openJump } from './jump';
import { RANGES, shifted, zoomed, type Period } from './period';
import { DENSITIES, cycle, density, shortcuts } from './prefs';
import { go, hasCharts, mapPath, overviewPath, period, queryPath, route, setPeriod, storagePath } from './route';
import { openSettings, settingsOpen } from './settings';
import { nowMs } from './state';
import { leaveRow, moveFocus, returnTo } from './table';
import { chooseRange, toggleLive } from './top';

const SECOND_KEY_MS = 1500;
const PAGE_KEYS: Record<string, string> = { o: overviewPath, m: mapPath, q: queryPath, s: storagePath };

function back(): void {
  const now = route.peek();
  if (now.view === 'overview') leaveRow();
  else {
    if (now.view === 'service') returnTo(now.name);
    go(overviewPath);
  }
}

const move = (next: (now: Period) => Period) => () => {
  if (hasCharts.peek()) setPeriod(next(period.peek()));
};

const KEYS: Record<string, () => void> = {
  '/': () => void openJump(),
  j: () => moveFocus(1),
  k: () => moveFocus(-1),
  p: toggleLive,
  d: () => cycle(density, DENSITIES),
  '[': move((now) => shifted(now, -1, nowMs.peek())),
  ']': move((now) => shifted(now, 1, nowMs.peek())),
  '-': move((now) => zoomed(now, 1, nowMs.peek())),
  '+': move((now) => zoomed(now, -1, nowMs.peek())),
  '=': move((now) => zoomed(now, -1, nowMs.peek())),
  '0': move((now) => ({ ...now, endMs: null })),
  ...Object.fromEntries(RANGES.map((text, i) => [String(i + 1), () => chooseRange(text)])),
  '.': () => void copyLink(false),
  '>': () => void copyLink(true),
  '?': openSettings,
};

const isTyping = (target: EventTarget | null): boolean =>
  target instanceof HTMLElement && target.closest('input, textarea, select, .editor, [contenteditable]') !== null;

let secondUntilMono = 0; // after g

function actOf(key: string): (() => void) | undefined {
  if (key === 'Escape') return back; // not a character: it stays when the others are switched off
  if (shortcuts.peek() === 'off') return undefined;
  const page = performance.now() < secondUntilMono ? PAGE_KEYS[key] : undefined;
  secondUntilMono = key === 'g' ? performance.now() + SECOND_KEY_MS : 0;
  return page !== undefined ? () => go(page) : KEYS[key];
}

addEventListener('keydown', (event) => {
  if (event.defaultPrevented || jumpOpen.peek() || settingsOpen.peek()) return;
  if ((event.ctrlKey || event.metaKey) && !event.altKey && event.key === 'k') {
    event.preventDefault();
    void openJump();
    return;
  }
  if (event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) return;
  const act = actOf(event.key);
  if (!act) return;
  event.preventDefault();
  act();
});
