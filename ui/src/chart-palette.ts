// The colours of a canvas: the tokens of the sheet, read once and again when the theme changes.
import { effect, signal } from '@preact/signals';
import { theme } from './prefs';
import type { Tone } from './chart-data';

const TOKENS = {
  s1: '--s1', s3: '--s3', s4: '--s4', retry: '--retry', crit: '--crit-mark', warn: '--warn-mark', ink2: '--ink2', ink3: '--ink3', hair: '--hair',
  surface: '--surface', textCrit: '--crit', textWarn: '--warn',
} as const;
export type Palette = Record<keyof typeof TOKENS, string> & { font: string };

const TEXT: Partial<Record<Tone, keyof typeof TOKENS>> = { retry: 'textWarn', crit: 'textCrit', s3: 'ink2', warn: 'textWarn' };

// Words need more contrast than lines.
export const textColour = (palette: Palette, tone: Tone): string => palette[TEXT[tone] ?? tone];

function read(): Palette {
  const style = getComputedStyle(document.documentElement);
  const colours = Object.entries(TOKENS).map(([name, token]) => [name, style.getPropertyValue(token).trim()]);
  return { ...Object.fromEntries(colours), font: `11px ${getComputedStyle(document.body).fontFamily}` } as Palette;
}

export const palette = signal<Palette>(read());
effect(() => {
  void theme.value; // prefs.ts has set it on the root before this runs
  palette.value = read();
});
for (const query of ['(prefers-color-scheme: dark)', '(forced-colors: active)'])
  matchMedia(query).addEventListener('change', () => (palette.value = read()));
