// What a person may choose, and the keys, which may be switched off (WCAG 2.2, 2.1.4).
import { signal, type Signal } from '@preact/signals';
import { Dialog } from './dialog';
import { DENSITIES, SWITCH, THEMES, density, shortcuts, theme } from './prefs';

export const settingsOpen = signal(false);
export const openSettings = (): void => {
  settingsOpen.value = true;
};

const KEYS: [string, string][] = [
  ['/ or Ctrl K', 'jump to a service or a page'],
  ['g o, g m, g q, g s', 'services, map, query, storage'],
  ['j k', 'next service, service before'],
  ['Enter', 'open it'],
  ['Esc', 'back'],
  ['p', 'pause, and go live again'],
  ['1 … 5', '15m, 1h, 6h, 24h, 7d'],
  ['[ ]', 'half a range back, on'],
  ['- +', 'a longer range, a shorter one'],
  ['0', 'to now'],
  ['\u2190 \u2192', 'move the cursor of a chart'],
  ['d', 'dense rows, or comfortable ones'],
  ['. >', 'copy the link; as it is now, for ever'],
  ['?', 'this'],
];

function Choice<T extends string>({ label, of, values }: { label: string; of: Signal<T>; values: readonly T[] }) {
  return (
    <fieldset class="choice">
      <legend>{label}</legend>
      {values.map((value) => (
        <label key={value}><input type="radio" name={label} checked={of.value === value} onChange={() => (of.value = value)} /> {value}</label>
      ))}
    </fieldset>
  );
}

export function Settings() {
  return (
    <Dialog open={settingsOpen} label="Settings">
      <h2>Settings</h2>
      <Choice label="Theme" of={theme} values={THEMES} />
      <Choice label="Rows" of={density} values={DENSITIES} />
      <Choice label="Keys" of={shortcuts} values={SWITCH} />
      {shortcuts.value === 'on' && <dl class="keys">{KEYS.map(([key, what]) => <div key={key}><dt><kbd>{key}</kbd></dt><dd>{what}</dd></div>)}</dl>}
      <p class="m sm licences"><a href="/ui/licences.txt" target="_blank" rel="noopener">Licences</a> of what this page is made of</p>
      <button onClick={() => (settingsOpen.value = false)}>Close</button>
    </Dialog>
  );
}
