// What stands beside and under the field: run, lay out, table or graph, the step, until when, what was asked earlier.
import { duration } from './format';
import { endText, parseEnd } from './period';
import { autoStep } from './query-ask';
import { cancel, givenStep, kind, running, type Kind } from './query-data';
import { earlier, forgetAll } from './query-history';
import { draft, format, runDraft } from './query-input';
import { param, period, setParams, setPeriod } from './route';

const STEPS = ['1s', '5s', '15s', '30s', '1m', '5m', '15m', '1h'];
const KINDS: readonly (readonly [Kind, string])[] = [['table', 'Table'], ['graph', 'Graph']];
const FORGET = '\u0000'; // no query has it
const SHOWN_MAX = 80;

function Kinds() {
  return (
    <span class="seg kinds" role="group" aria-label="Show as">
      {KINDS.map(([name, words]) => (
        <button key={name} aria-pressed={kind.value === name} onClick={() => setParams({ view: name === 'table' ? null : name })}>{words}</button>
      ))}
    </span>
  );
}

function Step() {
  const given = givenStep.value === null ? '' : param('step')!;
  return (
    <label>
      Step{' '}
      <select value={given} onChange={(event) => setParams({ step: event.currentTarget.value || null })}>
        <option value="">{duration(autoStep(period.value.rangeS))}, by itself</option>
        {given !== '' && !STEPS.includes(given) && <option>{given}</option>}
        {STEPS.map((text) => <option key={text}>{text}</option>)}
      </select>
    </label>
  );
}

// In UTC, as all times of the page. Nothing in it is now.
function Until() {
  const { rangeS, endMs } = period.value;
  const choose = (event: Event) => {
    const { value } = event.target as HTMLInputElement;
    const next = value === '' ? null : parseEnd(`${value}Z`);
    if (next !== endMs) setPeriod({ rangeS, endMs: next });
  };
  return (
    <label>
      {kind.value === 'graph' ? 'Until' : 'At'} (UTC){' '}
      <input type="datetime-local" step="1" value={endMs === null ? '' : endText(endMs).replace('Z', '')} onChange={choose} />
    </label>
  );
}

function Earlier() {
  if (earlier.value.length === 0) return null;
  const choose = (event: Event) => {
    const list = event.target as HTMLSelectElement;
    if (list.value === FORGET) forgetAll();
    else if (list.value !== '') draft.value = list.value;
    list.value = '';
  };
  return (
    <select class="earlier" aria-label="Earlier queries" value="" onChange={choose}>
      <option value="">Earlier</option>
      {earlier.value.map((text) => <option key={text} value={text}>{text.replace(/\s+/g, ' ').slice(0, SHOWN_MAX)}</option>)}
      <option value={FORGET}>Forget these</option>
    </select>
  );
}

// Beside the field, where the names that it offers do not cover it.
export const RunButton = () =>
  running.value ? <button class="run" onClick={cancel}>Cancel</button> : <button class="run" onClick={runDraft} disabled={draft.value.trim() === ''}>Run</button>;

export function QueryTools() {
  return (
    <div class="query-tools">
      <button onClick={() => void format()} disabled={draft.value.trim() === ''}>Format</button>
      <Kinds />
      {kind.value === 'graph' && <Step />}
      <Until />
      <Earlier />
    </div>
  );
}
