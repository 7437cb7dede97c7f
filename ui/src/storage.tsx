// The storage: the sentence, five figures, where memory and disk go, the blocks over time, what the series are made of.
import type { ComponentChildren } from 'preact';
import { useEffect } from 'preact/hooks';
import { BlockTable, Timeline } from './blocks';
import { Cardinality } from './cardinality';
import { age, bytes, clock, count, duration, moment, parseTime, percentText, plural, visible } from './format';
import { Glyph } from './glyphs';
import { narrow } from './prefs';
import { follow, overviewPath } from './route';
import { Guard, Loading } from './shell';
import { tick } from './state';
import { reloadStorage, sealNow, sealing, storage, storageFailure, storageMono, watchStorage, type StorageDocument } from './storage-data';
import { Lead } from './text';

const OLD_AFTER_S = 12; // two rounds were missed

function Figure({ label, value, unit = '', children }: { label: string; value: string; unit?: string; children?: ComponentChildren }) {
  return (
    <div class="kpi">
      <div class="up">{label}</div>
      <div class="fig">{value} <span class="unit">{unit}</span></div>
      <div class="xs s wrap">{children}</div>
    </div>
  );
}

const Worry = ({ n, words }: { n: number; words: string }) => (n > 0 ? <span class="chip warn"><Glyph kind="warning" quiet /> {count(n)} {words}</span> : null);

function Figures({ doc }: { doc: StorageDocument }) {
  const { head, disk, log, events, seals } = doc;
  const lastMs = parseTime(seals.last_at);
  return (
    <section class="kpis card" aria-label="Figures">
      <Figure label="Series in memory" value={count(head.series)}>
        {plural(head.evicted, 'idle one')} left memory <Worry n={head.refused} words="refused" />
      </Figure>
      <Figure label="Samples in blocks" value={count(disk.samples)}>{count(head.unsealed_samples)} more in memory and log</Figure>
      <Figure label="Bytes per sample" value={disk.bytes_per_sample?.toFixed(2) ?? '\u2014'}>{bytes(disk.bytes)} in {plural(disk.blocks, 'block')}</Figure>
      <Figure label="Log" value={bytes(log.bytes)}>{plural(log.rows, 'row')}, cut by the next seal</Figure>
      <Figure label="Events" value={bytes(events.bytes)}>{count(events.count)} word for word</Figure>
      <Figure label="Last seal" value={lastMs === null ? '\u2014' : age(Math.max(0, (doc.now_ms - lastMs) / 1000))} unit={lastMs === null ? '' : 'ago'}>
        {lastMs === null ? 'none since the start' : `took ${duration(seals.last_duration_ms / 1000)}`} <Worry n={seals.failures} words="failed" />
      </Figure>
    </section>
  );
}

interface Part {
  name: string;
  words: string;
  size: number;
  refused?: number;
}

// A bar whose whole width is the limit; what is left over is free.
function Room({ title, words, parts, limit, full }: { title: string; words: string; parts: readonly Part[]; limit: number; full: boolean }) {
  let from = 0;
  const bars = parts.map((part, i) => {
    const width = limit > 0 ? (part.size / limit) * 100 : 0;
    const bar = <rect key={part.name} class={full ? `p-warn part-${i}` : `p-s1 part-${i}`} x={`${from}%`} width={`${width}%`} height="20" />;
    from += width;
    return bar;
  });
  return (
    <section class="card in">
      <h2>{title} <span class="m">{words}</span></h2>
      <svg class="room" height="20" role="img" aria-label={`${title}: ${words}`}>
        <rect class="p-track" width="100%" height="20" />
        {bars}
      </svg>
      <ul class="parts">
        {parts.map((part, i) => (
          <li key={part.name} title={part.words}>
            <svg width="9" height="9" aria-hidden="true"><rect class={full ? `p-warn part-${i}` : `p-s1 part-${i}`} width="9" height="9" /></svg> {part.name}{' '}
            <b>{bytes(part.size)}</b> <Worry n={part.refused ?? 0} words="refused" />
          </li>
        ))}
      </ul>
    </section>
  );
}

const PART_WORDS: Record<string, string> = {
  index: 'labels, postings and records of series in memory',
  head: 'recent samples in memory',
  ingest: 'batches that wait to be stored',
  blocks: 'directories of block files that were used lately',
  query: 'queries that are running, and seals and merges',
  stream: 'what waits for slow readers of event streams',
};

function Memory({ doc }: { doc: StorageDocument }) {
  const { budget_bytes: budget, used_bytes: used } = doc.memory;
  const parts = Object.entries(doc.memory.used).map(([name, size]) => ({ name, size, words: PART_WORDS[name] ?? name, refused: doc.memory.refused[name] ?? 0 }));
  const words = budget === null ? `${bytes(used)}, without a limit` : `${bytes(used)} of ${bytes(budget)} (${percentText((used / (budget || 1)) * 100)})`;
  return <Room title="Memory budget" words={words} parts={parts} limit={Math.max(budget ?? 0, used)} full={budget !== null && used >= 0.95 * budget} />;
}

function Disk({ doc }: { doc: StorageDocument }) {
  const { free_bytes: free, total_bytes: total, bytes: blocks } = doc.disk;
  if (free === null || total === null) return null;
  const parts = [
    { name: 'blocks', words: 'sealed samples', size: blocks },
    { name: 'log', words: 'samples that no block has yet', size: doc.log.bytes },
    { name: 'events', words: 'what applications told, word for word', size: doc.events.bytes },
    { name: 'others', words: 'everything else on this file system', size: Math.max(0, total - free - blocks - doc.log.bytes - doc.events.bytes) },
  ];
  return <Room title="Disk" words={`${bytes(free)} of ${bytes(total)} free`} parts={parts} limit={total} full={free < 0.05 * total} />;
}

function SealButton() {
  const state = sealing.value;
  const running = state.kind === 'running';
  return (
    <>
      <span class="seal-words" role="status">
        {running && `Sealing, ${age(Math.max(0, tick.value - state.sinceMono) / 1000)}`}
        {state.kind === 'done' && (state.blocks === 0 ? 'Nothing was left to seal' : `${plural(state.samples, 'sample')} sealed into ${plural(state.blocks, 'block')}, ${bytes(state.bytes)}, in ${duration(state.durationMs / 1000)}`)}
        {state.kind === 'failed' && <span class="c-crit"><Glyph kind="critical" quiet /> {visible(state.failure.message)}</span>}
      </span>
      <button onClick={() => void sealNow()} disabled={running} title="Writes what is in memory alone into blocks now; else it comes every half hour">Seal now</button>
    </>
  );
}

function Blocks({ doc }: { doc: StorageDocument }) {
  const { time_ms: timeMs, bytes: most, clock_behind_ms: behind } = doc.retention;
  const kept = `kept ${timeMs > 0 ? `for ${duration(timeMs / 1000)}` : 'for ever'}${most > 0 ? `, in at most ${bytes(most)}` : ''}`;
  return (
    <section class="card" aria-labelledby="blocks-title">
      <header>
        <h2 id="blocks-title">{plural(doc.disk.blocks, 'block')}</h2>
        <span class="m">{kept}</span>
        {behind > 0 && <span class="chip warn"><Glyph kind="warning" quiet /> retention waits: {duration(behind / 1000)} behind the clock</span>}
        <span class="sp" />
        <SealButton />
      </header>
      {doc.blocks.length > 0 || doc.head.unsealed_samples > 0 ? <Timeline doc={doc} /> : <p class="block-words m">Nothing is held at the moment.</p>}
      <BlockTable blocks={doc.blocks} />
    </section>
  );
}

function Damages({ doc }: { doc: StorageDocument }) {
  if (doc.damaged === 0) return null;
  return (
    <section class="card damages" aria-labelledby="damages-title">
      <header>
        <h2 id="damages-title" class="c-crit"><Glyph kind="critical" quiet /> {plural(doc.damaged, 'damaged place')}</h2>
        <span class="m">left out of every answer, never guessed; all else is served</span>
      </header>
      {narrow.value ? (
        <ul class="scroll" tabIndex={0} role="region" aria-label="Damaged places">
          {doc.damages.map((d, i) => (
            <li key={i} class="place">
              <bdi class="b">{visible(d.path)}</bdi> <span class="m nw">offset {d.offset}</span>
              <br /><bdi>{visible(d.what)}</bdi> <span class="m nw">{moment(parseTime(d.found_at), doc.now_ms)}</span>
            </li>
          ))}
        </ul>
      ) : <div class="scroll" tabIndex={0} role="region" aria-label="Damaged places">
        <table>
          <thead><tr><th>File</th><th class="rt">Offset</th><th>What</th><th>Found</th></tr></thead>
          <tbody>
            {doc.damages.map((d, i) => (
              <tr key={i}><td><bdi>{visible(d.path)}</bdi></td><td class="rt">{d.offset}</td><td><bdi>{visible(d.what)}</bdi></td><td>{moment(parseTime(d.found_at), doc.now_ms)}</td></tr>
            ))}
          </tbody>
        </table>
      </div>}
      <p class="foot">Check the disk, then bring these back from a backup: <code>fusebox storage restore</code></p>
    </section>
  );
}

const DROPPED: [keyof StorageDocument['samples'], string, string][] = [
  ['duplicate', 'came twice', 'the series has a sample at that time; the first stays'],
  ['out_of_order', 'too far behind', 'behind the late window of their series'],
  ['too_old', 'too old', 'older than the retention'],
  ['future', 'from the future', 'later than now and storage.max_future'],
  ['orphaned', 'without a series', 'their series had left memory'],
];

function Dropped({ doc }: { doc: StorageDocument }) {
  const rows = DROPPED.filter(([key]) => doc.samples[key] > 0);
  if (rows.length === 0) return null;
  return (
    <section class="card in" aria-label="Samples that were not kept">
      <h2>Samples that were not kept <span class="m">of {count(doc.samples.appended)} since the start</span></h2>
      <ul class="parts">{rows.map(([key, words, why]) => <li key={key} title={why}>{words} <b>{count(doc.samples[key])}</b></li>)}</ul>
    </section>
  );
}

function NotCurrent({ doc }: { doc: StorageDocument }) {
  const failure = storageFailure.value;
  const oldS = Math.max(0, tick.value - storageMono.value) / 1000;
  if (!failure && oldS < OLD_AFTER_S) return null;
  return (
    <div class="note" role="status">
      <Glyph kind="stale" quiet />
      <span><b>Not current.</b> What you see is from {clock(doc.now_ms)}. {failure && visible(failure.message)}</span>
      <span class="sp" /><button class="flat" onClick={reloadStorage}>Try now</button>
    </div>
  );
}

const Empty = () => (
  <section class="card in empty">
    <h2>What will be here</h2>
    <p class="s">
      Samples of the targets that the configuration names, first in memory and in a log that survives a power cut, then, every half hour, in
      blocks: files that never change. <a href={overviewPath} onClick={(event) => follow(event, overviewPath)}>How a target gets here</a>
    </p>
  </section>
);

export function Storage() {
  useEffect(watchStorage, []);
  const doc = storage.value;
  const failure = storageFailure.value;
  if (!doc && failure)
    return (
      <section class="card in failed" role="alert">
        <h1><Glyph kind="critical" quiet /> Could not load this</h1>
        <p>{visible(failure.message)}</p>
        <p class="s"><code>{visible(failure.code)}</code> <button class="flat" onClick={reloadStorage}>Try again</button></p>
      </section>
    );
  if (!doc) return <Loading />;
  const empty = doc.range.min === null;
  return (
    <>
      <NotCurrent doc={doc} />
      <Lead sentence={doc.sentence} />
      {empty ? <Empty /> : <Guard><Figures doc={doc} /></Guard>}
      <Guard><Damages doc={doc} /></Guard>
      {!empty && <Guard><Blocks doc={doc} /></Guard>}
      <Guard><div class="grid c2"><Memory doc={doc} /><Disk doc={doc} /></div></Guard>
      <Guard><Dropped doc={doc} /></Guard>
      <Guard><Cardinality /></Guard>
    </>
  );
}
