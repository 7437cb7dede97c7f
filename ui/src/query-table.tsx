// What a query gave at one instant: a table, sorted as one likes, the first rows before all of them.
import { useSignal } from '@preact/signals';
import { useEffect, useMemo } from 'preact/hooks';
import { count, cut, moment, visible } from './format';
import { csvOf, seriesText, sortedBy, type Order, type Series } from './query-answer';
import type { Answer } from './query-data';
import { nowMs } from './state';

const FEW = 20;
const ROWS_MAX = 1000;
const POINTS_SHOWN = 5;
const NAME_MAX = 240;
const TITLE_MAX = 1024;
const TEXT_MAX = 20_000;
const FILE_KEPT_MS = 10_000;

// What tells it from the others; the whole beside it.
export const SeriesLabel = ({ series }: { series: Series }) => <bdi class="series" title={cut(seriesText(series.labels), TITLE_MAX)}>{cut(series.name, NAME_MAX)}</bdi>;

// What all of them have is told once.
export const Shared = ({ text }: { text: string }) => (text === '' ? null : <span class="m">all {text.startsWith('{') ? 'have' : 'are'} <bdi title={cut(text, TITLE_MAX)}>{cut(text, NAME_MAX)}</bdi></span>);

// The file is made here, of what is shown: the server is not asked again.
export function SaveButton({ series }: { series: readonly Series[] }) {
  const save = () => {
    const url = URL.createObjectURL(new Blob([csvOf(series)], { type: 'text/csv' }));
    Object.assign(document.createElement('a'), { href: url, download: 'query.csv' }).click();
    setTimeout(() => URL.revokeObjectURL(url), FILE_KEPT_MS);
  };
  return <button class="flat" onClick={save}>CSV</button>;
}

function Value({ series, atMs }: { series: Series; atMs: number }) {
  const { points } = series;
  if (points.length === 1 && Math.abs(points[0]![0] * 1000 - atMs) < 1) return <>{points[0]![1]}</>;
  const newest = points.slice(-POINTS_SHOWN);
  return (
    <>
      {points.length > newest.length && <div class="m">the newest {newest.length} of {count(points.length)}</div>}
      {newest.map(([s, text]) => <div key={s}>{text} <span class="m">at {moment(s * 1000, nowMs.value)}</span></div>)}
    </>
  );
}

const NEXT: Readonly<Record<'name' | 'value', readonly Order[]>> = { value: ['-value', 'value', null], name: ['name', '-name', null] };
const ARROWS = { up: '\u2191', down: '\u2193' };

function Head({ column, words, order, choose, right = false }: { column: 'name' | 'value'; words: string; order: Order; choose(order: Order): void; right?: boolean }) {
  const steps = NEXT[column];
  const at = steps.indexOf(order);
  const mine = order !== null && at >= 0;
  const up = mine && !order.startsWith('-');
  return (
    <th scope="col" class={right ? 'rt' : undefined} aria-sort={mine ? (up ? 'ascending' : 'descending') : undefined}>
      <button class="sort" onClick={() => choose(steps[mine ? at + 1 : 0]!)}>{words} {mine && <span aria-hidden="true">{up ? ARROWS.up : ARROWS.down}</span>}</button>
    </th>
  );
}

export function QueryTable({ answer }: { answer: Answer }) {
  const order = useSignal<Order>(null);
  const all = useSignal(false);
  useEffect(() => {
    all.value = false;
  }, [answer.question.text]);
  const { series, question, data } = answer;
  const sorted = useMemo(() => sortedBy(series, order.value), [answer, order.value]);
  const rows = sorted.slice(0, all.value ? ROWS_MAX : FEW);
  const atMs = question.endMs ?? (data.resultType === 'vector' ? (series[0]?.points[0]?.[0] ?? 0) * 1000 : 0);
  const choose = (next: Order) => (order.value = next);
  return (
    <section class="card query-table" aria-label="Result">
      {answer.shared !== '' && <header><Shared text={answer.shared} /></header>}
      <div class="scroll" tabIndex={0} role="region" aria-label="Series and values">
        <table>
          <thead>
            <tr>
              <Head column="name" words="Series" order={order.value} choose={choose} />
              <Head column="value" words="Value" order={order.value} choose={choose} right />
            </tr>
          </thead>
          <tbody>{rows.map((one, i) => <tr key={i}><td><SeriesLabel series={one} /></td><td class="rt"><Value series={one} atMs={atMs} /></td></tr>)}</tbody>
        </table>
      </div>
      <footer class="chart-foot">
        <span class="m">
          {rows.length < series.length && <>showing {count(rows.length)} of {count(series.length)} </>}
          {!all.value && rows.length < series.length && (
            <button class="flat" onClick={() => (all.value = true)}>{series.length > ROWS_MAX ? `Show ${count(ROWS_MAX)}` : 'Show all'}</button>
          )}
          {all.value && series.length > ROWS_MAX && 'all of them are in the file'}
        </span>
        <SaveButton series={series} />
      </footer>
    </section>
  );
}

// A scalar or a string.
export function QueryValue({ answer }: { answer: Answer }) {
  const [s, text] = answer.data.result as readonly [number, string];
  return (
    <section class="card in" aria-label="Result">
      <p class={answer.data.resultType === 'scalar' ? 'huge' : 'query-string'}><bdi>{cut(visible(text), TEXT_MAX)}</bdi></p>
      <p class="m">{answer.data.resultType}, at {moment(s * 1000, nowMs.value)}</p>
    </section>
  );
}
