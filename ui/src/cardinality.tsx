// What the series are made of: bars of the largest, and a field that narrows them.
import { useComputed, useSignal } from '@preact/signals';
import { count, bytes, percentText, plural, visible } from './format';
import { selectorOf } from './query-answer';
import { follow, queryPath } from './route';
import { cardinality, cardinalityFailure, type Entry, type Top } from './storage-data';
import { Name } from './text';

const FEW = 8;

interface ListProps {
  title: string;
  what: string; // of a total: "metrics"
  top: Top;
  whole: number | null; // what a share is of; null: no share
  filter: string;
  unit: string;
  label?: string; // of which the names are values; they lead to their series
}

function Words({ entry, label }: { entry: Entry; label: string | undefined }) {
  const of = entry.value === undefined ? label : entry.name;
  if (of === undefined) return <Name text={wordsOf(entry)} />;
  const path = `${queryPath}?expr=${encodeURIComponent(selectorOf(of, entry.value ?? entry.name))}`;
  return <a href={path} onClick={(event) => follow(event, path)}><Name text={wordsOf(entry)} /></a>;
}

const wordsOf = (entry: Entry) => (entry.value === undefined ? entry.name : `${entry.name}="${entry.value}"`);

function Bar({ entry, most, whole, unit, label }: { entry: Entry; most: number; whole: number | null; unit: string; label: string | undefined }) {
  const share = whole ? (entry.count / whole) * 100 : null;
  return (
    <li class="share">
      <span class="ell"><Words entry={entry} label={label} /></span>
      <span class="rt nw" title={entry.bytes === undefined ? undefined : `${bytes(entry.bytes)} of text`}>
        {count(entry.count)}<span class="sr"> {unit}</span> {share !== null && <span class="m part">{percentText(share)}</span>}
      </span>
      <svg height="6" aria-hidden="true">
        <rect class="p-track" width="100%" height="6" />
        <rect class="p-s1" width={`${(entry.count / (most || 1)) * 100}%`} height="6" />
      </svg>
    </li>
  );
}

function List({ title, what, top, whole, filter, unit, label }: ListProps) {
  const all = useSignal(false);
  const found = filter === '' ? top.items : top.items.filter((e) => visible(wordsOf(e)).toLowerCase().includes(filter));
  const shown = all.value || filter !== '' ? found : found.slice(0, FEW);
  const most = Math.max(...top.items.map((e) => e.count), 1);
  const rest = found.length - shown.length;
  return (
    <section class="card in" aria-label={title}>
      <h2>{title} <span class="m sm">{count(top.total)} {what}</span></h2>
      {shown.length === 0
        ? <p class="m">{top.total === 0 ? 'None.' : `Nothing among the first ${count(top.items.length)} fits.`}</p>
        : <ul class="shares">{shown.map((e) => <Bar key={wordsOf(e)} entry={e} most={most} whole={whole} unit={unit} label={label} />)}</ul>}
      {(rest > 0 || (all.value && filter === '' && found.length > FEW)) && (
        <button class="flat" aria-expanded={all.value} onClick={() => (all.value = !all.value)}>
          {all.value ? 'Show less' : `Show ${count(rest)} more`}
        </button>
      )}
    </section>
  );
}

export function Cardinality() {
  const text = useSignal('');
  const filter = useComputed(() => text.value.trim().toLowerCase());
  const doc = cardinality.value;
  const failure = cardinalityFailure.value;
  if (!doc) return failure && <section class="card in" role="alert"><h2>What the series are made of</h2><p class="s">{visible(failure.message)}</p></section>;
  if (doc.series === 0) return null;
  const lists = [
    { title: 'Metrics', what: 'in all, by series', top: doc.by_metric, whole: doc.series, unit: 'series', label: '__name__' },
    { title: 'Labels', what: 'in all, by distinct values', top: doc.by_label, whole: null, unit: 'values' },
    { title: 'Label pairs', what: 'in all, by series', top: doc.by_pair, whole: doc.series, unit: 'series' },
    { title: 'Jobs', what: 'in all, by series', top: doc.by_job, whole: doc.series, unit: 'series', label: 'job' },
    { title: 'Instances', what: 'in all, by series', top: doc.by_instance, whole: doc.series, unit: 'series', label: 'instance' },
  ];
  return (
    <section aria-labelledby="made-of">
      <div class="search">
        <h2 id="made-of">What {plural(doc.series, 'series', 'series')} in memory are made of</h2>
        <input type="search" placeholder="Filter by name" aria-label="Filter by name" maxLength={128} value={text.value}
          onInput={(event) => (text.value = event.currentTarget.value)} />
      </div>
      <div class="grid c3">{lists.slice(0, 3).map((list) => <List key={list.title} {...list} filter={filter.value} />)}</div>
      <div class="grid c2">{lists.slice(3).map((list) => <List key={list.title} {...list} filter={filter.value} />)}</div>
    </section>
  );
}
