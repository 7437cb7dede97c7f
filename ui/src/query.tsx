// The query page: any question in PromQL, its answer as a table or a graph.
import { useSignalEffect } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import { onEscape, periodText } from './charts';
import { stepBack } from './chart-zoom';
import { age, bytes, count, duration, moment, plural, visible, visibleLines } from './format';
import { Glyph } from './glyphs';
import { answer, cancelled, kind, question, refusal, runAgain, running, watchQuery, type Answer } from './query-data';
import { explain, findings, type Finding } from './query-empty';
import { QueryGraph } from './query-graph';
import { remember } from './query-history';
import { QueryInput, goTo } from './query-input';
import { QueryTable, QueryValue } from './query-table';
import { QueryTools, RunButton } from './query-tools';
import { kiosk, period, setParams, setPeriod } from './route';
import { Guard, Loading } from './shell';
import { nowMs, tick } from './state';

const LONG_MS = 1000; // from then on a question that runs says for how long
const WALL_EVERY_MS = 15_000;

interface Words {
  glyph: string;
  text: string;
}

const isEmpty = ({ data, series }: Answer) => data.resultType !== 'scalar' && data.resultType !== 'string' && series.length === 0;

function answerWords(a: Answer): Words {
  const { question: q, data, series, timeline } = a;
  if (isEmpty(a)) return { glyph: 'no_data', text: 'Nothing was found' };
  if (data.resultType === 'scalar' || data.resultType === 'string') return { glyph: 'ok', text: data.resultType === 'scalar' ? 'A number' : 'A text' };
  const when = q.kind === 'graph' ? `over ${periodText(timeline.period_s)}, a point every ${duration(timeline.step_s)}` : q.endMs === null ? 'now' : `at ${moment(q.endMs, nowMs.value)}`;
  return { glyph: 'ok', text: `${plural(series.length, 'series', 'series')} ${when}` };
}

function leadWords(): Words {
  const busy = running.value;
  if (refusal.value && !busy) return { glyph: 'warning', text: refusal.value.told.title };
  if (answer.value && !busy) return answerWords(answer.value);
  if (!busy) return { glyph: 'info', text: cancelled.value ? 'Cancelled' : 'Ask in PromQL' };
  const ms = Math.max(0, tick.value - busy.sinceMono);
  return { glyph: 'info', text: ms < LONG_MS ? 'Asking' : `Asking for ${age(ms / 1000)}` };
}

function Lead() {
  const { glyph, text } = leadWords();
  return (
    <div class="lead">
      <Glyph kind={glyph} large quiet />
      <div class="grow">
        <h1>{text}</h1>
        {!question.value && !refusal.value && <p class="s">Names, labels and functions complete as you write. Enter runs it, Shift Enter begins a new line.</p>}
      </div>
    </div>
  );
}

const ACTS = { retry: 'Try again', table: 'As a table', step: 'Take a step that fits' };

function act(what: keyof typeof ACTS): void {
  if (what === 'retry') runAgain();
  else setParams(what === 'table' ? { view: null } : { step: null });
}

function Refused() {
  const found = refusal.value;
  if (!found || running.value) return null;
  const { text, told: { text: words, hint, place, act: can } } = found;
  return (
    <section class="card in refused" role="alert">
      <p>{visible(words)}</p>
      {place && (
        <pre tabIndex={0} role="region" aria-label="The place in the query">{visibleLines(text.slice(0, place.from)).slice(-400)}<mark>{visibleLines(text.slice(place.from, place.to))}</mark>{visibleLines(text.slice(place.to)).slice(0, 400)}</pre>
      )}
      {hint !== '' && <p class="s">{hint}</p>}
      {place && <button class="flat" onClick={() => goTo(place.from)}>Go there</button>}
      {can && question.value && <button class="flat" onClick={() => act(can)}>{ACTS[can]}</button>}
    </section>
  );
}

function Found({ finding: { selector, kind: what, metric } }: { finding: Finding }) {
  const name = <code><bdi>{visible(selector)}</bdi></code>;
  if (what === 'found') return <li><Glyph kind="ok" quiet /> {name} has series in this time.</li>;
  if (what === 'labels') return <li><Glyph kind="unknown" quiet /> {name} has none, but <code><bdi>{visible(metric)}</bdi></code> has: look at the labels in the braces.</li>;
  return <li><Glyph kind="no_data" quiet /> {name} has no series in this time: it may be spelled otherwise, or nothing has sent it.</li>;
}

function Empty({ of }: { of: Answer }) {
  useEffect(() => void explain(of.question), [of]);
  const found = findings.value;
  return (
    <section class="card in empty">
      <h2>Why nothing</h2>
      {found ? <ul>{found.map((finding) => <Found key={finding.selector} finding={finding} />)}</ul> : <p class="m">Looking at each metric of the query</p>}
      {found?.every(({ kind: what }) => what === 'found') && <p class="s">What is computed from them leaves nothing: a comparison that holds nowhere, or two sides whose labels do not match (on, ignoring).</p>}
      {found?.some(({ kind: what }) => what !== 'found') && kind.value === 'table' && <p class="s">An instant looks back 5 minutes. A graph shows when there was something.</p>}
    </section>
  );
}

function Figures({ of: { tookMs, series, points, bytes: size, question: q, timeline } }: { of: Answer }) {
  return (
    <p class="query-figures m">
      answered in {duration(tookMs / 1000)} · {plural(series.length, 'series', 'series')} · {plural(points, 'point')} · {bytes(size)}
      {q.kind === 'graph' && <> · {count(timeline.count)} steps of {duration(timeline.step_s)}</>}
    </p>
  );
}

function Result({ of }: { of: Answer }) {
  if (isEmpty(of)) return <Empty of={of} />;
  if (of.data.resultType === 'scalar' || of.data.resultType === 'string') return <QueryValue answer={of} />;
  return of.question.kind === 'graph' ? <QueryGraph answer={of} /> : <QueryTable answer={of} />;
}

// The past stands still, and leads back.
function Past() {
  const { rangeS, endMs } = period.value;
  if (endMs === null || kiosk.value) return null;
  return (
    <div class="charts-head">
      <span class="m">the past, as it stood {kind.value === 'graph' ? 'until' : 'at'} {moment(endMs, nowMs.value)}</span>
      <span class="sp" />
      <button class="flat" onClick={stepBack}>One step back <kbd>Esc</kbd></button>
      <button class="flat" onClick={() => setPeriod({ rangeS, endMs: null })}>To now</button>
    </div>
  );
}

// On a wall nobody presses anything.
function useWall(): void {
  useSignalEffect(() => {
    if (!kiosk.value || !question.value || question.value.endMs !== null) return undefined;
    const timer = setInterval(() => !document.hidden && !running.peek() && runAgain(), WALL_EVERY_MS);
    return () => clearInterval(timer);
  });
}

export function Query() {
  useEffect(watchQuery, []);
  useWall();
  useEffect(() => {
    addEventListener('keydown', onEscape, { capture: true });
    return () => removeEventListener('keydown', onEscape, { capture: true });
  }, []);
  useSignalEffect(() => {
    if (answer.value) remember(answer.value.question.text);
  });
  const shown = answer.value;
  const busy = running.value !== null;
  return (
    <>
      <Lead />
      {!kiosk.value && (
        <section class="card query" aria-label="Query">
          <div class="query-line"><QueryInput /><RunButton /></div>
          <QueryTools />
        </section>
      )}
      <Past />
      <Guard><Refused /></Guard>
      {shown && (
        <div class={busy && !kiosk.value ? 'veil' : undefined} aria-busy={busy}>
          <Guard><Result of={shown} /></Guard>
          {!isEmpty(shown) && <Figures of={shown} />}
        </div>
      )}
      {busy && !shown && <Loading />}
      <div class="sr" role="status">{busy ? '' : leadWords().text}</div>
    </>
  );
}
