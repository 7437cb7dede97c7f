// One chart on its canvas: uPlot draws grid and lines; marks, openings and the words at the ends of lines are drawn here.
//
//   plot = new Plot(host, events) -> { plot.show(scene) | plot.setCursor(ms) | plot.repaint() }* -> plot.close()
//
// Nothing is kept of a scene but the newest. Time is in Unix milliseconds, UTC on the axis.
import type uPlot from 'uplot';
import { spanTicks, tickText } from './axis';
import { palette, textColour } from './chart-palette';
import { spread, startMs, timesOf, type ChartSpec, type Line, type Timeline } from './chart-data';

// The library comes with the first chart, and not with the first route.
type Library = typeof uPlot;
let library: Library;
export const loadLibrary = async (): Promise<void> => {
  library = (await import('uplot')).default;
};

export interface Scene {
  spec: ChartSpec;
  timeline: Timeline;
  openings: readonly (readonly [number, number])[]; // when a breaker of the service was open
}
export interface PlotEvents {
  onCursor(ms: number | null): void;
  onSelect(fromMs: number, toMs: number): void;
}

const HEIGHT_PX = 156;
const ALONE_HEIGHT_PX = 320;
const AXIS_PX = 54;
const TIME_AXIS_PX = 24;
const GUTTER_PX = 54; // for the words at the ends of lines; the same in all charts, so that instants stand below each other
const LABEL_GAP_PX = 12;
const LABEL_PAD_PX = 6;
const TICK_ROOM_PX = 84;
const OPENING_PX = 4;
const DRAG_MIN_PX = 5;
const HEADROOM = 0.015;
const MARK_DASH = [1.5, 3];

const shape = ({ lines }: ChartSpec): string => lines.map((l) => `${l.name} ${l.tone} ${l.dash} ${l.stepped}`).join();

// Steps with a value between two without: a line of one point is nothing to see.
function lonely(values: readonly (number | null | undefined)[]): number[] {
  const at: number[] = [];
  values.forEach((v, i) => {
    if (v !== null && (values[i - 1] ?? null) === null && (values[i + 1] ?? null) === null) at.push(i);
  });
  return at;
}

export class Plot {
  private u: uPlot | null = null;
  private scene: Scene | null = null;
  private view: [number, number] | null = null; // while fingers stretch it
  private readonly resizer: ResizeObserver;

  constructor(private readonly host: HTMLElement, private readonly events: PlotEvents) {
    this.resizer = new ResizeObserver(() => this.u?.setSize({ width: this.width(), height: this.u.height }));
    this.resizer.observe(host);
  }

  close(): void {
    this.resizer.disconnect();
    this.u?.destroy();
    this.u = null;
  }

  show(scene: Scene): void {
    const other = !this.scene || shape(this.scene.spec) !== shape(scene.spec);
    this.scene = scene;
    this.view = null;
    const data = [timesOf(scene.timeline), ...scene.spec.lines.map((l) => l.values)] as unknown as uPlot.AlignedData;
    if (!this.u || other) {
      this.u?.destroy();
      this.u = new library(this.options(scene.spec), data, this.host);
    } else {
      this.u.setData(data);
    }
  }

  repaint(): void {
    this.u?.redraw(false, false);
  }

  setCursor(ms: number | null): void {
    const at = ms === null ? null : this.u?.valToPos(ms, 'x');
    this.u?.setCursor(at === null || at === undefined || at < 0 ? { left: -10, top: -10 } : { left: at, top: 0 }, false);
  }

  // The instant at this place of the window; beyond the ends the ends.
  timeAt(clientX: number): number {
    const box = this.u!.over.getBoundingClientRect();
    return this.u!.posToVal(Math.min(box.width, Math.max(0, clientX - box.left)), 'x');
  }

  // The end of the step at this place.
  stepAt(clientX: number): number {
    return this.u!.data[0][this.u!.valToIdx(this.timeAt(clientX))]!;
  }

  // Shows another stretch until the next scene, without asking for its figures.
  stretch(fromMs: number, toMs: number): void {
    this.view = [fromMs, toMs];
    this.u?.setScale('x', { min: fromMs, max: toMs });
  }

  get over(): HTMLElement | null {
    return this.u?.over ?? null;
  }

  private width(): number {
    return Math.max(160, Math.floor(this.host.clientWidth));
  }

  private range(): [number, number] {
    return this.view ?? [startMs(this.scene!.timeline), this.scene!.timeline.end_ms];
  }

  // A little above the highest mark, where a line would be cut in half.
  private height(): [number, number] {
    const { grid } = this.scene!.spec;
    const [low, high] = [grid[0]!, grid[grid.length - 1]!];
    return [low, high + HEADROOM * (high - low)];
  }

  private options({ lines, alone = false }: ChartSpec): uPlot.Options {
    return {
      width: this.width(), height: alone ? ALONE_HEIGHT_PX : HEIGHT_PX, ms: 1, legend: { show: false },
      padding: [8, alone ? 8 : GUTTER_PX, 0, 0],
      scales: {
        x: { time: false, range: () => this.range() },
        y: { range: () => this.height() },
      },
      axes: [this.timeAxis(), this.valueAxis()],
      series: [{}, ...lines.map((line, i) => this.series(line, i))],
      cursor: {
        y: false, drag: { x: true, y: false, setScale: false, dist: DRAG_MIN_PX }, points: { size: 7 },
        move: (u, left, top) => [left < 0 ? left : u.valToPos(u.data[0][u.posToIdx(left)]!, 'x'), top],
        bind: { dblclick: () => () => null },
      },
      hooks: {
        setCursor: [(u) => this.events.onCursor(u.cursor.idx === null || u.cursor.idx === undefined ? null : u.data[0][u.cursor.idx]!)],
        setSelect: [(u) => this.selected(u)],
        drawClear: [(u) => this.drawOpenings(u)],
        drawAxes: [(u) => this.drawMarks(u)],
        draw: [(u) => this.drawEnds(u)],
      },
    };
  }

  private timeAxis(): uPlot.Axis {
    const ticks = (u: uPlot) => spanTicks(u.scales['x']!.min!, u.scales['x']!.max!, Math.max(2, Math.min(8, u.bbox.width / library.pxRatio / TICK_ROOM_PX)));
    return {
      size: TIME_AXIS_PX, gap: 8, font: palette.peek().font, stroke: () => palette.peek().ink3, grid: { show: false }, ticks: { show: false },
      splits: (u) => ticks(u).times, values: (u, times) => times.map((ms) => tickText(ms, ticks(u).unit)),
    };
  }

  private valueAxis(): uPlot.Axis {
    return {
      size: AXIS_PX, gap: 6, font: palette.peek().font, stroke: () => palette.peek().ink3, ticks: { show: false },
      grid: { stroke: () => palette.peek().hair, width: 1 },
      splits: () => [...this.scene!.spec.grid], values: (_, all) => all.map((v) => this.scene!.spec.axis(v)),
    };
  }

  private series({ tone, dash, stepped }: Line, i: number): uPlot.Series {
    return {
      stroke: () => palette.peek()[tone], width: tone === 'crit' || tone === 's4' ? 2 : 1.75, dash: dash && [...dash],
      paths: stepped ? library.paths.stepped!({ align: -1 }) : library.paths.linear!(),
      points: { show: false, size: 3, fill: () => palette.peek()[tone], filter: (u) => lonely(u.data[i + 1] as (number | null)[]) },
    };
  }

  private selected(u: uPlot): void {
    const { left, width } = u.select;
    if (width < DRAG_MIN_PX) return;
    u.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
    this.events.onSelect(u.posToVal(left, 'x'), u.posToVal(left + width, 'x'));
  }

  // Below the plot, above the times.
  private drawOpenings(u: uPlot): void {
    const { ctx, bbox } = u;
    const [from, to] = this.range();
    const unit = library.pxRatio;
    ctx.fillStyle = palette.peek().crit;
    for (const [begin, end] of this.scene!.openings) {
      if (end < from || begin > to) continue;
      const x0 = u.valToPos(Math.max(begin, from), 'x', true);
      const x1 = u.valToPos(Math.min(end, to), 'x', true);
      ctx.fillRect(x0, bbox.top + bbox.height + 2 * unit, Math.max(unit, x1 - x0), OPENING_PX * unit);
    }
  }

  private drawMarks(u: uPlot): void {
    const { ctx, bbox } = u;
    const colours = palette.peek();
    ctx.save();
    ctx.font = this.font();
    ctx.textAlign = 'left';
    ctx.textBaseline = 'alphabetic';
    this.scene!.spec.marks.forEach(({ at, label }, i) => {
      const y = Math.round(u.valToPos(at, 'y', true));
      ctx.beginPath();
      ctx.setLineDash(MARK_DASH.map((d) => d * library.pxRatio));
      ctx.lineWidth = 1.5 * library.pxRatio;
      ctx.strokeStyle = colours.ink3;
      ctx.moveTo(bbox.left, y);
      ctx.lineTo(bbox.left + bbox.width, y);
      ctx.stroke();
      const above = i > 0 || y - bbox.top > 40 * library.pxRatio;
      ctx.fillStyle = colours.ink3;
      ctx.fillText(label, bbox.left + 6 * library.pxRatio, y + (above ? -4 : 15) * library.pxRatio);
    });
    ctx.restore();
  }

  private drawEnds(u: uPlot): void {
    const { ctx, bbox } = u;
    const ratio = library.pxRatio;
    const ends = this.scene!.spec.lines.flatMap((line) => {
      const last = line.end === '' ? null : line.values[line.values.length - 1] ?? null;
      return last === null ? [] : [{ line, y: u.valToPos(last, 'y', true) }];
    });
    const placed = spread(ends.map((e) => e.y), LABEL_GAP_PX * ratio, bbox.top, bbox.top + bbox.height);
    ctx.save();
    ctx.font = this.font();
    ctx.textAlign = 'left';
    ctx.textBaseline = 'middle';
    ends.forEach(({ line }, i) => {
      ctx.fillStyle = textColour(palette.peek(), line.tone);
      ctx.fillText(line.end, bbox.left + bbox.width + LABEL_PAD_PX * ratio, placed[i]!);
    });
    ctx.restore();
  }

  private font(): string {
    return palette.peek().font.replace(/[\d.]+px/, (px) => `${parseFloat(px) * library.pxRatio}px`);
  }
}
