// The map as a picture: boxes of services, lines as wide as their calls, retries beside them in their own colour.
//
// A line without figures is dashed; a factor stands on it from ×1.05 on. The table below has all of it too.
import { useMemo } from 'preact/hooks';
import { cut, rateText, successText, visible } from './format';
import { Glyph, WORDS, rowGlyph, toneOf } from './glyphs';
import { BOX, curveOf, layoutOf, pathOf, pillOf, spread, type Curve, type Layout, type Point } from './map-layout';
import { follow, servicePath } from './route';
import type { MapDocument, MapEdge, MapNode } from './views';

export const FACTOR_FROM = 1.05;
const NAME_MAX = 22;
const WIDEST_PX = 10;
const THINNEST_PX = 1.2;

// A factor with what it rests on: ×1.44, ≈ ×1.04, ≥ ×2.00.
export function factorText(value: number | null, modelled = false, atLeast = false): string {
  if (value === null) return '\u2014';
  return `${atLeast ? '\u2265 ' : ''}${modelled ? '\u2248 ' : ''}\u00d7${value.toFixed(2)}`;
}

export const multiplies = (edge: Pick<MapEdge, 'attempts_per_call'>): boolean => (edge.attempts_per_call ?? 1) >= FACTOR_FROM;

export const healthWord = (node: MapNode): string =>
  !node.known ? 'not watched' : node.health !== 'unknown' ? node.health : (WORDS[node.evidence === 'ok' ? 'unknown' : node.evidence] ?? 'unknown');

function lineWidth(edge: MapEdge, most: number): number {
  if (edge.calls_per_s === null || most <= 0) return THINNEST_PX + 0.4;
  return THINNEST_PX + (WIDEST_PX - THINNEST_PX) * Math.sqrt(edge.calls_per_s / most);
}

function Line({ edge, curve, most, hot }: { edge: MapEdge; curve: Curve; most: number; hot: boolean }) {
  const width = lineWidth(edge, most);
  const retries = multiplies(edge) ? Math.max(1.6, width * Math.min(1, edge.attempts_per_call! - 1)) : 0;
  const kind = edge.calls_per_s === null ? 'k-unk dashed' : edge.closes_circle ? 'k-s1 dotted' : 'k-s1';
  return (
    <g class={hot ? 'edge hot' : 'edge'}>
      <path class={`nf ${kind}`} stroke-width={width} d={pathOf(curve)} />
      {retries > 0 && <path class="nf k-retry" stroke-width={retries} d={pathOf(curve, (width + retries) / 2)} />}
    </g>
  );
}

interface Pill extends Point {
  text: string;
  tone: string;
}

function Pills({ pills }: { pills: readonly Pill[] }) {
  return (
    <>
      {spread(pills).map(({ x, y, text, tone }) => {
        const width = 14 + text.length * 6.4;
        return (
          <g key={`${x} ${y}`}>
            <rect class={`p-surf k-${tone}`} x={x - width / 2} y={y - 10} width={width} height={20} rx={10} />
            <text class="pill" x={x} y={y + 4}>{text}</text>
          </g>
        );
      })}
    </>
  );
}

function figures(node: MapNode): string {
  const parts = [healthWord(node)];
  if (node.calls_per_s !== null) parts.push(rateText(node.calls_per_s));
  if (node.success_ratio !== null && node.evidence === 'ok') parts.push(successText(node.success_ratio));
  return parts.join(' \u00b7 ');
}

function Words({ node }: { node: MapNode }) {
  const source = node.storm_source === node.service;
  const worst = node.worst_path.amplification;
  if (!source && (worst === null || worst < FACTOR_FROM)) return null;
  return (
    <text class={source ? 't-crit' : ''} x={2} y={-5}>
      {source ? 'source of the storm \u00b7 ' : ''}{factorText(worst, node.modelled, node.at_least)} on its worst path
    </text>
  );
}

function Box({ node, at }: { node: MapNode; at: Point }) {
  const kind = node.known ? rowGlyph(node) : 'unknown';
  const quiet = kind === 'ok' || kind === 'info';
  const bad = node.health === 'unhealthy' || node.health === 'degraded';
  const name = visible(node.service);
  const body = (
    <>
      <title>{cut(`${name}: ${figures(node)}${node.reason ? ` (${visible(node.reason)})` : ''}`, 512)}</title>
      <rect class={`p-surf ${bad ? `k-${toneOf(kind)}` : 'k-rule'}${quiet || bad ? '' : ' dashed'}`} width={BOX.width} height={BOX.height} rx={5} stroke-width={bad ? 1.8 : 1} />
      <svg x={9} y={9} width={14} height={14}><Glyph kind={kind} quiet /></svg>
      <svg class="clip" x={29} width={BOX.width - 34} height={BOX.height}>
        <text class="box-name" y={20}>{cut(name, NAME_MAX)}</text>
        <text y={37}>{figures(node)}</text>
      </svg>
    </>
  );
  const path = servicePath(node.service);
  return (
    <g transform={`translate(${at.x} ${at.y})`}>
      <Words node={node} />
      {node.known ? <a href={path} data-service={node.service} onClick={(event) => follow(event as unknown as MouseEvent, path)}>{body}</a> : <g data-service={node.service}>{body}</g>}
    </g>
  );
}

// Which lines belong to the worst path of a storm, or else of all.
export function hotPath(doc: MapDocument): readonly string[] {
  if (doc.storms[0]) return doc.storms[0].path;
  const worst = doc.nodes.reduce<MapNode | null>((best, n) => ((n.worst_path.amplification ?? 1) > (best?.worst_path.amplification ?? 1) ? n : best), null);
  return worst && worst.worst_path.amplification! >= FACTOR_FROM ? worst.worst_path.path : [];
}

function isOn(path: readonly string[], edge: MapEdge): boolean {
  const i = path.indexOf(edge.caller);
  return i >= 0 && path[i + 1] === edge.service;
}

const shapeOf = (nodes: readonly MapNode[], edges: readonly MapEdge[]) =>
  JSON.stringify([nodes.map((n) => [n.service, n.layer]), edges.map((e) => [e.caller, e.service])]);

export function Graph({ doc, nodes, edges }: { doc: MapDocument; nodes: readonly MapNode[]; edges: readonly MapEdge[] }) {
  const shape = shapeOf(nodes, edges);
  const layout: Layout = useMemo(() => layoutOf(nodes, edges), [shape]);
  const most = Math.max(0, ...edges.map((e) => e.calls_per_s ?? 0));
  const hot = hotPath(doc);
  const drawn = edges.flatMap((edge) => {
    const curve = curveOf(layout, edge);
    return curve ? [{ edge, curve, hot: isOn(hot, edge) }] : [];
  });
  const pills = drawn.filter(({ edge }) => multiplies(edge)).map(({ edge, curve, hot: on }) => ({
    ...pillOf(curve), text: factorText(edge.attempts_per_call, edge.modelled), tone: on && doc.storms.length > 0 ? 'crit' : 'rule',
  }));
  return (
    <div class="map-scroll" tabIndex={0} role="region" aria-label="Dependency map; the tables below list the same">
      <svg class="map" width={layout.width} height={layout.height} viewBox={`0 0 ${layout.width} ${layout.height}`}>
        {drawn.map(({ edge, curve, hot: on }) => <Line key={`${edge.caller}\n${edge.service}`} edge={edge} curve={curve} most={most} hot={on} />)}
        {nodes.map((node) => <Box key={node.service} node={node} at={layout.places.get(node.service)!} />)}
        <Pills pills={pills} />
      </svg>
    </div>
  );
}
