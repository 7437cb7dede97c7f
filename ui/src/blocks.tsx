// The blocks over time: x is time, a row for each level, newest work on top, damage marked.
//
// One block is looked at at a time, by pointer or by arrow keys; its facts stand in the line above.
import { useSignal } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';
import { spanTicks, tickText } from './axis';
import { bytes, count, duration, iso, plural, visible } from './format';
import { Glyph } from './glyphs';
import { narrow } from './prefs';
import type { Block, StorageDocument } from './storage-data';

const ROW_PX = 26;
const BAR_PX = 14;
const AXIS_PX = 22;
const LEAST_PX = 3; // a block is seen, however short it is

const levelWords = (level: number) => (level === 0 ? 'Sealed' : level === 1 ? 'Merged' : `Merged \u00d7${level}`);

const minute = (ms: number) => iso(ms).slice(0, 16).replace('T', ' ');

const spanText = (ms: number) => (ms >= 2 * 86_400_000 ? plural(Math.floor(ms / 86_400_000), 'day') : duration(ms / 1000));

export interface Span {
  fromMs: number;
  toMs: number;
}

// What is only in memory and log: what came behind the newest block, as far as the document tells.
function memorySpan(doc: StorageDocument): Span | null {
  const max = doc.range.max === null ? NaN : Date.parse(doc.range.max);
  const min = doc.range.min === null ? NaN : Date.parse(doc.range.min);
  if (doc.head.unsealed_samples === 0 || Number.isNaN(max)) return null;
  const sealed = doc.blocks.reduce((latest, b) => Math.max(latest, b.max_ms), -Infinity);
  return { fromMs: Math.min(max, sealed === -Infinity ? min : sealed), toMs: max };
}

function whole(doc: StorageDocument, memory: Span | null): Span {
  const from = Math.min(...doc.blocks.map((b) => b.min_ms), memory?.fromMs ?? Infinity);
  const to = Math.max(...doc.blocks.map((b) => b.max_ms), memory?.toMs ?? -Infinity);
  return { fromMs: from, toMs: Math.max(to, from + 60_000) };
}

function BlockWords({ block }: { block: Block }) {
  return (
    <>
      <bdi class="b">{visible(block.name)}</bdi> {minute(block.min_ms)} to {minute(block.max_ms)} · {plural(block.series, 'series', 'series')} ·{' '}
      {plural(block.samples, 'sample')} · {bytes(block.bytes)}
      {block.bytes_per_sample !== null && ` (${block.bytes_per_sample.toFixed(2)} per sample)`}
      {block.damaged && <span class="chip crit"><Glyph kind="critical" quiet /> damaged</span>}
    </>
  );
}

export function Timeline({ doc }: { doc: StorageDocument }) {
  const width = useSignal(800);
  const chosen = useSignal<string | null>(null);
  const ref = useRef<SVGSVGElement>(null);
  useEffect(() => {
    const observer = new ResizeObserver(([entry]) => {
      if (entry) width.value = Math.max(200, Math.round(entry.contentRect.width));
    });
    if (ref.current) observer.observe(ref.current);
    return () => observer.disconnect();
  }, []);

  const memory = memorySpan(doc);
  const { fromMs, toMs } = whole(doc, memory);
  const levels = [...new Set(doc.blocks.map((b) => b.level))].sort((a, b) => a - b);
  const rows = [...(memory ? ['In memory'] : []), ...levels.map(levelWords)];
  const left = narrow.value ? 74 : 88;
  const height = rows.length * ROW_PX + AXIS_PX;
  const x = (ms: number) => left + ((ms - fromMs) / (toMs - fromMs)) * (width.value - left - 12);
  const yOf = (row: number) => row * ROW_PX + (ROW_PX - BAR_PX) / 2;
  const boxOf = (span: Span) => ({ x: Math.min(x(span.fromMs), width.value - 12 - LEAST_PX), width: Math.max(LEAST_PX, x(span.toMs) - x(span.fromMs) - 1) });
  const rowOf = (block: Block) => levels.indexOf(block.level) + (memory ? 1 : 0);
  const index = doc.blocks.findIndex((b) => b.name === chosen.value);
  const block = doc.blocks[index];
  const damaged = doc.blocks.filter((b) => b.damaged).length;
  const marks = spanTicks(fromMs, toMs, narrow.value ? 4 : 10);

  const key = (event: KeyboardEvent) => {
    const last = doc.blocks.length - 1;
    const next = { ArrowLeft: index < 0 ? last : index - 1, ArrowRight: index + 1, Home: 0, End: last, PageUp: index - 10, PageDown: index + 10 }[event.key];
    if (next === undefined) return;
    event.preventDefault();
    chosen.value = doc.blocks[Math.min(last, Math.max(0, next))]?.name ?? null;
  };

  return (
    <>
      <p class="block-words s" aria-live="polite">
        {block ? <BlockWords block={block} />
          : doc.blocks.length === 0 ? 'Nothing is sealed yet: the first seal comes within half an hour.'
            : <span class="m">{minute(fromMs)} to {minute(toMs)}, {spanText(toMs - fromMs)}. Point at a block, or use the arrow keys.</span>}
      </p>
      <svg ref={ref} class="timeline" height={height} tabIndex={0} role="img" onKeyDown={key} onBlur={() => (chosen.value = null)}
        onPointerLeave={() => (chosen.value = null)}
        aria-label={`${plural(doc.blocks.length, 'block')} from ${minute(fromMs)} to ${minute(toMs)} UTC${damaged > 0 ? `, ${count(damaged)} damaged` : ', none damaged'}`}>
        {marks.times.map((ms) => (
          <g key={ms}>
            <path class="k-hair" d={`M${x(ms)} 0V${height - AXIS_PX}`} />
            <text class="tm" x={Math.min(width.value - 24, Math.max(left, x(ms)))} y={height - 6}>{tickText(ms, marks.unit)}</text>
          </g>
        ))}
        {rows.map((words, i) => <text key={words} x={12} y={yOf(i) + BAR_PX - 3}>{words}</text>)}
        {memory && <rect class="p-memory k-s1" {...boxOf(memory)} y={yOf(0)} height={BAR_PX} />}
        {doc.blocks.map((b) => {
          const box = boxOf({ fromMs: b.min_ms, toMs: b.max_ms });
          const y = yOf(rowOf(b));
          return (
            <g key={b.name} onPointerEnter={() => (chosen.value = b.name)}>
              <rect class={b.damaged ? 'p-crit' : 'p-s1'} {...box} y={y} height={BAR_PX} />
              {b.damaged && <path class="p-crit" d={`M${box.x + box.width / 2} ${y - 1}l-4 -5h8z`} />}
            </g>
          );
        })}
        {block && <rect class="nf k-ink2 w2" {...boxOf({ fromMs: block.min_ms, toMs: block.max_ms })} y={yOf(rowOf(block)) - 2} height={BAR_PX + 4} />}
      </svg>
    </>
  );
}

export function BlockTable({ blocks }: { blocks: readonly Block[] }) {
  if (blocks.length === 0) return null;
  return (
    <details class="numbers">
      <summary>As numbers</summary>
      <div class="scroll" tabIndex={0} role="region" aria-label="Blocks as numbers">
        <table>
          <thead>
            <tr><th>Block</th><th>From</th><th>To</th><th>Level</th><th class="rt">Series</th><th class="rt">Samples</th><th class="rt">Size</th><th class="rt">Bytes per sample</th><th>State</th></tr>
          </thead>
          <tbody>
            {[...blocks].reverse().map((b) => (
              <tr key={b.name}>
                <th scope="row"><bdi>{visible(b.name)}</bdi></th><td>{minute(b.min_ms)}</td><td>{minute(b.max_ms)}</td><td>{levelWords(b.level)}</td>
                <td class="rt">{count(b.series)}</td><td class="rt">{count(b.samples)}</td><td class="rt">{bytes(b.bytes)}</td>
                <td class="rt">{b.bytes_per_sample?.toFixed(2) ?? '\u2014'}</td>
                <td>{b.damaged ? <span class="c-crit b">damaged</span> : 'good'}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </details>
  );
}
