// What stands over the list of services: the filter and its chips, groups; under it what its marks mean.
import { useRef } from 'preact/hooks';
import { visible } from './format';
import { without } from './filter';
import { faults, filter, group } from './list';
import { param, setParams } from './route';

const FILTER_WAIT_MS = 150;

export function ListTools() {
  const timer = useRef(0);
  const type = (event: Event) => {
    const { value } = event.target as HTMLInputElement;
    clearTimeout(timer.current);
    timer.current = setTimeout(() => setParams({ q: value.trim() || null }, 'replace'), FILTER_WAIT_MS);
  };
  const choose = (event: Event) => setParams({ group: (event.target as HTMLSelectElement).value || null }, 'replace');
  return (
    <div class="tools">
      <input type="search" aria-label="Filter the services" placeholder="Filter: pay  team:a,b  budget>80" value={param('q') ?? ''}
        spellcheck={false} autocomplete="off" onInput={type}
        title="Words of the name; team: env: source: health: risk: breaker: cause: name~ ; calls errors retries success budget p99 open left with > < >= <=; - in front: not" />
      <select aria-label="Group by" value={group.value ?? ''} onChange={choose}>
        <option value="">no groups</option>
        <option value="team">by team</option>
        <option value="env">by environment</option>
      </select>
    </div>
  );
}

export function Chips() {
  const { terms } = filter.value;
  if (terms.length === 0 && faults.value.length === 0) return null;
  const remove = (text: string) => setParams({ q: without(filter.value, text) || null }, 'replace');
  return (
    <div class="chips">
      {terms.map(({ text }) => (
        <button key={text} class="flat term" onClick={() => remove(text)}>
          {visible(text)} <span aria-hidden="true">{'\u00d7'}</span><span class="sr">, take out of the filter</span>
        </button>
      ))}
      {terms.length > 1 && <button class="flat" onClick={() => setParams({ q: null }, 'replace')}>Clear</button>}
      {faults.value.length > 0 && <span class="m" role="status">not understood: {faults.value.map(visible).join(', ')}</span>}
    </div>
  );
}

export const Legend = () => (
  <footer class="foot">
    <span><i class="key hollow" /> first attempts, where told; else all attempts</span>
    <span><i class="key full" /> as callers see it</span>
    <span><i class="key saved" /> saved by retries (scale 50 to 100{'\u202f'}%)</span>
    <span><i class="key ticks" /> warning and critical marks</span>
    <span><i class="key pale" /> comes back within 10{'\u202f'}s</span>
    <span>≈ and dots: modelled</span>
    <span>hatch: not told</span>
  </footer>
);
