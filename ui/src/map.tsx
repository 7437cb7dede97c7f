// The map: the sentence, the picture (on a phone the hottest path), and both tables. One filter for all.
import { computed, signal } from '@preact/signals';
import { plural, visible } from './format';
import { hotPath, Graph } from './map-graph';
import { Dependencies, HottestPath, Services } from './map-table';
import { narrow } from './prefs';
import { Failed, Guard, Loading } from './shell';
import { mapDoc, refused } from './state';
import { Lead } from './text';
import type { MapDocument, MapEdge, MapNode } from './views';

const DRAWN_MAX = 60; // boxes: beyond, the ones that matter most

const filter = signal('');

// The services whose name has the words in it, and those one step around them.
function chosen(doc: MapDocument, text: string): MapDocument {
  const words = text.trim().toLowerCase();
  if (words === '') return doc;
  const hits = new Set(doc.nodes.filter((n) => visible(n.service).toLowerCase().includes(words)).map((n) => n.service));
  const edges = doc.edges.filter((e) => hits.has(e.caller) || hits.has(e.service));
  const near = new Set([...hits, ...edges.flatMap((e) => [e.caller, e.service])]);
  return { ...doc, nodes: doc.nodes.filter((n) => near.has(n.service)), edges };
}

const HEALTH_RANK = { unhealthy: 3, degraded: 2, unknown: 1, healthy: 0 };

// Storms and the hot path first, then trouble, then what is multiplied most, then what is called most.
function drawnNodes(doc: MapDocument): readonly MapNode[] {
  if (doc.nodes.length <= DRAWN_MAX) return doc.nodes;
  const hot = new Set(hotPath(doc));
  const rank = (n: MapNode) => (hot.has(n.service) ? 8 : 0) + (n.storm_source !== null ? 4 : 0) + HEALTH_RANK[n.health];
  return [...doc.nodes]
    .sort((a, b) => rank(b) - rank(a) || (b.worst_path.amplification ?? 0) - (a.worst_path.amplification ?? 0) || (b.calls_per_s ?? 0) - (a.calls_per_s ?? 0))
    .slice(0, DRAWN_MAX);
}

const shownDoc = computed(() => (mapDoc.value ? chosen(mapDoc.value, filter.value) : null));

function Picture({ doc, all }: { doc: MapDocument; all: MapDocument }) {
  const nodes = drawnNodes(doc);
  const names = new Set(nodes.map((n) => n.service));
  const edges = doc.edges.filter((e: MapEdge) => names.has(e.caller) && names.has(e.service));
  const words = nodes.length < all.nodes.length ? `${nodes.length} of ${plural(all.nodes.length, 'service')}` : plural(nodes.length, 'service');
  return (
    <section class="card" aria-labelledby="map-title">
      <header>
        <h2 id="map-title">Dependencies</h2>
        <span class="m">{words}{all.services_without_edges > 0 && `, ${all.services_without_edges} more without any`}</span>
        <span class="sp" />
        <span class="sm wide-only"><span class="c-s1">{'\u2501'}</span> calls <span class="c-retry">{'\u2501'}</span> retries on top <span class="m">width: rate</span></span>
      </header>
      <Graph doc={doc} nodes={nodes} edges={edges} />
    </section>
  );
}

const Empty = () => (
  <section class="card in empty">
    <h2>What will be here</h2>
    <p class="s">Which service calls which, how many attempts a call becomes on its way, and where a storm of retries begins.</p>
    <pre>{'services:\n  - name: checkout\n    dependencies: [payments, stock]'}</pre>
    <p class="s">Sources that tell who calls (a proxy, a service mesh) draw it by themselves.</p>
  </section>
);

export function DependencyMap() {
  const all = mapDoc.value;
  const doc = shownDoc.value;
  if (!all && refused.value) return <Failed failure={refused.value} />;
  if (!all || !doc) return <Loading />;
  const byName = new Map(doc.nodes.map((n) => [n.service, n] as const));
  return (
    <>
      <Lead sentence={all.sentence} />
      {all.nodes.length === 0 ? <Empty /> : (
        <>
          <div class="search">
            <label class="sr" for="map-filter">Filter by name</label>
            <input id="map-filter" type="search" placeholder="Filter by name" value={filter.value} onInput={(event) => (filter.value = event.currentTarget.value)} />
            {all.truncated && <span class="m">Some dependencies are beyond catalog.max_edges and are not here.</span>}
          </div>
          <Guard>{narrow.value ? <HottestPath doc={doc} byName={byName} /> : <Picture doc={doc} all={all} />}</Guard>
          <Guard><Services nodes={doc.nodes} /></Guard>
          <Guard><Dependencies edges={doc.edges} byName={byName} /></Guard>
        </>
      )}
    </>
  );
}
