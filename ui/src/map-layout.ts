// Where the boxes of the map stand: columns from left to right by layer, which the server tells, and
// within a column near those that they call and are called by. Pure: the same graph, the same picture.

export const BOX = { width: 190, height: 48 };
export const GAP = { x: 104, y: 32 };
const PAD = 12;
const HEAD = 16; // room for the words above the first box of a column
const SWEEPS = 4;
const PILL_PX = 22;

export interface LayoutNode {
  service: string;
  layer: number;
}
export interface LayoutEdge {
  caller: string;
  service: string;
}
export interface Point {
  x: number;
  y: number;
}
export interface Layout {
  width: number;
  height: number;
  places: ReadonlyMap<string, Point>; // the left upper corner of each box
}

const byName = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0);

// The columns that are left when some layers have no box, each sorted by name.
function columnsOf(nodes: readonly LayoutNode[]): string[][] {
  const layers = [...new Set(nodes.map((n) => n.layer))].sort((a, b) => a - b);
  return layers.map((layer) => nodes.filter((n) => n.layer === layer).map((n) => n.service).sort(byName));
}

function neighboursOf(edges: readonly LayoutEdge[]): Map<string, string[]> {
  const near = new Map<string, string[]>();
  const add = (from: string, to: string) => near.set(from, [...(near.get(from) ?? []), to]);
  for (const { caller, service } of edges) {
    add(caller, service);
    add(service, caller);
  }
  return near;
}

// Each box goes to the mean height of its neighbours in the columns beside it; to and fro a few times.
function arrange(columns: string[][], edges: readonly LayoutEdge[]): void {
  const near = neighboursOf(edges);
  const height = new Map<string, number>();
  const measure = (column: string[]) => column.forEach((name, i) => height.set(name, i - (column.length - 1) / 2));
  columns.forEach(measure);
  for (let sweep = 0; sweep < SWEEPS; sweep++) {
    const order = sweep % 2 === 0 ? columns : [...columns].reverse();
    for (const column of order) {
      const own = new Set(column);
      const wish = new Map(column.map((name) => {
        const others = (near.get(name) ?? []).filter((other) => !own.has(other) && height.has(other));
        const sum = others.reduce((total, other) => total + height.get(other)!, 0);
        return [name, others.length > 0 ? sum / others.length : height.get(name)!] as const;
      }));
      column.sort((a, b) => wish.get(a)! - wish.get(b)! || byName(a, b));
      measure(column);
    }
  }
}

export function layoutOf(nodes: readonly LayoutNode[], edges: readonly LayoutEdge[]): Layout {
  const columns = columnsOf(nodes);
  arrange(columns, edges);
  const step = BOX.height + GAP.y;
  const tallest = Math.max(1, ...columns.map((column) => column.length));
  const places = new Map<string, Point>();
  columns.forEach((column, c) =>
    column.forEach((name, i) =>
      places.set(name, { x: PAD + c * (BOX.width + GAP.x), y: PAD + HEAD + ((tallest - column.length) / 2 + i) * step })));
  return {
    width: 2 * PAD + Math.max(1, columns.length) * (BOX.width + GAP.x) - GAP.x,
    height: 2 * PAD + HEAD + tallest * step - GAP.y,
    places,
  };
}

export interface Curve {
  from: Point;
  to: Point;
}

// From the right side of the caller to the left side of the service.
export function curveOf(layout: Layout, edge: LayoutEdge): Curve | null {
  const a = layout.places.get(edge.caller);
  const b = layout.places.get(edge.service);
  if (!a || !b) return null;
  return { from: { x: a.x + BOX.width, y: a.y + BOX.height / 2 }, to: { x: b.x, y: b.y + BOX.height / 2 } };
}

const REACH = GAP.x / 2;

export function pathOf({ from, to }: Curve, shift = 0): string {
  const y1 = from.y + shift;
  const y2 = to.y + shift;
  return `M${from.x} ${y1}C${from.x + REACH} ${y1} ${to.x - REACH} ${y2} ${to.x} ${y2}`;
}

// The point of the curve in the middle of the gap before the service, where no box can stand.
export function pillOf({ from, to }: Curve): Point {
  const x = to.x - REACH;
  const xs = [from.x, from.x + REACH, to.x - REACH, to.x] as const;
  const at = (t: number, [p, q, r, s]: readonly [number, number, number, number]) => {
    const u = 1 - t;
    return u * u * u * p + 3 * u * u * t * q + 3 * u * t * t * r + t * t * t * s;
  };
  let low = 0;
  let high = 1;
  for (let i = 0; i < 24; i++) {
    const middle = (low + high) / 2;
    if (at(middle, xs) < x) low = middle;
    else high = middle;
  }
  return { x, y: at(low, [from.y, from.y, to.y, to.y]) };
}

// Moves labels of one gap apart, downwards, so that none covers another.
export function spread<T extends Point>(pills: readonly T[]): T[] {
  const done: T[] = [];
  for (const pill of [...pills].sort((a, b) => a.x - b.x || a.y - b.y)) {
    const last = done[done.length - 1];
    done.push(last && last.x === pill.x && pill.y - last.y < PILL_PX ? { ...pill, y: last.y + PILL_PX } : pill);
  }
  return done;
}
