// The map in words: services and dependencies with every figure of the picture; the hottest path as a list.
import { count, plural, rateText, successText } from './format';
import { Glyph, WORDS, rowGlyph } from './glyphs';
import { FACTOR_FROM, factorText, healthWord, hotPath, multiplies } from './map-graph';
import { narrow } from './prefs';
import { Name, ServiceLink } from './text';
import type { MapDocument, MapEdge, MapNode } from './views';

const ROWS_MAX = 500;

const named = (node: MapNode | undefined, name: string) => (node?.known ? <ServiceLink service={name} /> : <Name text={name} />);

function Health({ node }: { node: MapNode }) {
  const kind = node.known ? rowGlyph(node) : 'unknown';
  return <span class="nw"><Glyph kind={kind} quiet /> {healthWord(node)}</span>;
}

function Path({ path }: { path: readonly string[] }) {
  return <>{path.map((name, i) => <span key={name}>{i > 0 && ' \u2192 '}<Name text={name} max={32} /></span>)}</>;
}

const amplified = (node: MapNode) => factorText(node.amplification, node.modelled, node.at_least);

// What the figures of an edge rest on, where that is not a source of its own.
function marks(edge: MapEdge): string {
  const words: string[] = [];
  if (edge.evidence !== 'ok') words.push(edge.evidence === 'unknown' ? 'no figures of its own' : WORDS[edge.evidence]!);
  if (edge.modelled) words.push('modelled: mean of the service');
  if (edge.closes_circle) words.push('closes a circle, left out of paths');
  if (edge.declared) words.push('declared');
  return words.join(', ');
}

const factor = (edge: MapEdge) => (
  <span class={multiplies(edge) ? 'b' : ''}>{factorText(edge.attempts_per_call, edge.modelled)}</span>
);

function Rest({ all }: { all: number }) {
  return all > ROWS_MAX ? <p class="foot">{count(all - ROWS_MAX)} more: filter, or ask the API.</p> : null;
}

export function Dependencies({ edges, byName }: { edges: readonly MapEdge[]; byName: ReadonlyMap<string, MapNode> }) {
  const rows = edges.slice(0, ROWS_MAX);
  const title = <header><h2 id="edges-title">{plural(edges.length, 'dependency', 'dependencies')}</h2></header>;
  if (narrow.value)
    return (
      <section class="card" aria-labelledby="edges-title">
        {title}
        <ul class="map-list">
          {rows.map((e) => (
            <li key={`${e.caller}\n${e.service}`}>
              <div><Name text={e.caller} max={32} /> {'\u2192'} {named(byName.get(e.service), e.service)}</div>
              <div class="sm s">{rateText(e.calls_per_s)} calls {'\u00b7'} {rateText(e.retries_per_s)} retries {'\u00b7'} {factor(e)} {marks(e)}</div>
            </li>
          ))}
        </ul>
        <Rest all={edges.length} />
      </section>
    );
  return (
    <section class="card" aria-labelledby="edges-title">
      {title}
      <div class="scroll" tabIndex={0} role="region" aria-labelledby="edges-title">
        <table>
          <thead><tr><th>Caller</th><th>Service</th><th class="rt">Calls</th><th class="rt">Retries</th><th class="rt">Errors</th><th class="rt">Attempts per call</th><th>Rests on</th></tr></thead>
          <tbody>
            {rows.map((e) => (
              <tr key={`${e.caller}\n${e.service}`}>
                <td>{named(byName.get(e.caller), e.caller)}</td><td>{named(byName.get(e.service), e.service)}</td>
                <td class="rt">{rateText(e.calls_per_s)}</td><td class="rt">{rateText(e.retries_per_s)}</td><td class="rt">{rateText(e.errors_per_s)}</td>
                <td class="rt">{factor(e)}</td><td class="m">{marks(e)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      <Rest all={edges.length} />
    </section>
  );
}

export function Services({ nodes }: { nodes: readonly MapNode[] }) {
  const rows = [...nodes].sort((a, b) => (b.worst_path.amplification ?? 0) - (a.worst_path.amplification ?? 0)).slice(0, ROWS_MAX);
  const title = <header><h2 id="nodes-title">{plural(nodes.length, 'service')}</h2><span class="m">most multiplied first</span></header>;
  if (narrow.value)
    return (
      <section class="card" aria-labelledby="nodes-title">
        {title}
        <ul class="map-list">
          {rows.map((n) => (
            <li key={n.service}>
              <div class="rc"><Health node={n} /> <span class="grow ell">{named(n, n.service)}</span> <b>{amplified(n)}</b></div>
              <div class="sm s wrapped"><Path path={n.worst_path.path} /></div>
            </li>
          ))}
        </ul>
        <Rest all={nodes.length} />
      </section>
    );
  return (
    <section class="card" aria-labelledby="nodes-title">
      {title}
      <div class="scroll" tabIndex={0} role="region" aria-labelledby="nodes-title">
        <table>
          <thead><tr><th>Service</th><th>Health</th><th class="rt">Calls</th><th class="rt">Success</th><th class="rt">Attempts, all traffic</th><th class="rt">Worst path</th><th>Along</th></tr></thead>
          <tbody>
            {rows.map((n) => (
              <tr key={n.service}>
                <td>{named(n, n.service)}</td><td><Health node={n} /></td>
                <td class="rt">{rateText(n.calls_per_s)}</td><td class="rt">{successText(n.success_ratio)}</td>
                <td class="rt">{amplified(n)}</td><td class="rt b">{factorText(n.worst_path.amplification, n.modelled, n.at_least)}</td>
                <td><Path path={n.worst_path.path} /></td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      <Rest all={nodes.length} />
    </section>
  );
}

// The phone's picture: one path, from its entry to where it is multiplied most.
export function HottestPath({ doc, byName }: { doc: MapDocument; byName: ReadonlyMap<string, MapNode> }) {
  const path = hotPath(doc);
  if (path.length === 0) return null;
  return (
    <section class="card" aria-label="The path that retries multiply most">
      <ul class="map-list">
        {path.map((name, i) => {
          const node = byName.get(name);
          const edge = i > 0 ? doc.edges.find((e) => e.caller === path[i - 1] && e.service === name) : undefined;
          return (
            <li key={name}>
              {edge && (edge.attempts_per_call ?? 1) >= FACTOR_FROM && <div class="sm c-warn">{factorText(edge.attempts_per_call, edge.modelled)}{edge.retries_per_s !== null && ` \u00b7 ${rateText(edge.retries_per_s)} retries`}</div>}
              <div class="rc">
                {node && <Health node={node} />} <span class="grow ell">{named(node, name)}</span>
                {node?.storm_source === name && <b class="sm c-crit">source</b>}
                <b>{factorText(node?.worst_path.amplification ?? null, node?.modelled, node?.at_least)}</b>
              </div>
            </li>
          );
        })}
      </ul>
    </section>
  );
}
