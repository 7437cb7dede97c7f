// What a person chose for this browser, and what the window is like. Storage holds preferences only.
import { effect, signal } from '@preact/signals';

export type Theme = 'auto' | 'light' | 'dark';
const THEMES: readonly Theme[] = ['auto', 'light', 'dark'];
const KEY = 'fusebox.theme';

function stored(): Theme {
  try {
    const value = localStorage.getItem(KEY) as Theme | null;
    return value && THEMES.includes(value) ? value : 'auto';
  } catch {
    return 'auto'; // storage may be forbidden; the choice then lasts as long as the page
  }
}

export const theme = signal<Theme>(stored());

export function nextTheme(): void {
  theme.value = THEMES[(THEMES.indexOf(theme.peek()) + 1) % THEMES.length]!;
  try {
    if (theme.peek() === 'auto') localStorage.removeItem(KEY);
    else localStorage.setItem(KEY, theme.peek());
  } catch {
    // as above
  }
}

effect(() => {
  const root = document.documentElement;
  if (theme.value === 'auto') root.removeAttribute('data-theme');
  else root.setAttribute('data-theme', theme.value);
});

const query = matchMedia('(max-width: 760px)');
export const narrow = signal(query.matches);
query.addEventListener('change', () => {
  narrow.value = query.matches;
});
