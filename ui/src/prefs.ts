// What a person chose for this browser, and what the window is like. Storage holds preferences only.
import { effect, signal, type Signal } from '@preact/signals';

export const THEMES = ['auto', 'light', 'dark'] as const;
export const DENSITIES = ['comfortable', 'dense'] as const;
export const SWITCH = ['on', 'off'] as const;

const narrowQuery = matchMedia('(max-width: 760px)');
export const narrow = signal(narrowQuery.matches);
narrowQuery.addEventListener('change', () => {
  narrow.value = narrowQuery.matches;
});

function stored(key: string): string | null {
  try {
    return localStorage.getItem(key);
  } catch {
    return null; // storage may be forbidden; a choice then lasts as long as the page
  }
}

// A choice that is kept; the first value is the one without a choice, and is not stored.
function preference<T extends string>(name: string, values: readonly T[]): Signal<T> {
  const key = `fusebox.${name}`;
  const found = stored(key) as T | null;
  const choice = signal<T>(found && values.includes(found) ? found : values[0]!);
  effect(() => {
    const value = choice.value;
    try {
      if (value === values[0]) localStorage.removeItem(key);
      else localStorage.setItem(key, value);
    } catch {
      // as above
    }
  });
  return choice;
}

export const theme = preference('theme', THEMES);
export const density = preference('density', DENSITIES);
export const shortcuts = preference('shortcuts', SWITCH);

// The value after this one, and the first after the last.
export function cycle<T extends string>(choice: Signal<T>, values: readonly T[]): void {
  choice.value = values[(values.indexOf(choice.peek()) + 1) % values.length]!;
}

effect(() => {
  const root = document.documentElement;
  if (theme.value === 'auto') root.removeAttribute('data-theme');
  else root.setAttribute('data-theme', theme.value);
  root.toggleAttribute('data-dense', density.value === 'dense');
});
