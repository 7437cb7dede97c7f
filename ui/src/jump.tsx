// The jump box: services and pages by a few letters, those of late first.
import { computed, signal } from '@preact/signals';
import { visible } from './format';
import { best } from './fuzzy';
import { Glyph } from './glyphs';
import { Dialog } from './dialog';
import { go, mapPath, overviewPath, queryPath, route, servicePath, storagePath } from './route';
import { Name } from './text';
import type { Health } from './views';

const NAMES_AT = '/api/v1/retry-monitoring/health';
const SHOWN_MAX = 12;
const RECENT_MAX = 8;

interface Place {
  name: string;
  path: string;
  what: string;
  health: Health | null;
}

const PAGES: readonly Place[] = [
  { name: 'Services', path: overviewPath, what: 'page', health: null },
  { name: 'Map', path: mapPath, what: 'page', health: null },
  { name: 'Query', path: queryPath, what: 'page', health: null },
  { name: 'Storage', path: storagePath, what: 'page', health: null },
];
const GLYPH_OF: Record<Health, string> = { healthy: 'ok', degraded: 'warning', unhealthy: 'critical', unknown: 'unknown' };

export const jumpOpen = signal(false);
const services = signal<readonly Place[]>([]);
const failed = signal(false);
const letters = signal('');
const chosen = signal(0);
let recent: string[] = []; // paths, the newest first

export async function openJump(): Promise<void> {
  letters.value = '';
  chosen.value = 0;
  jumpOpen.value = true;
  try {
    const response = await fetch(NAMES_AT, { cache: 'no-store' });
    if (!response.ok) throw new Error(String(response.status));
    const { services: all } = (await response.json()) as { services: { service: string; health: Health }[] };
    services.value = all.map(({ service, health }) => ({ name: service, path: servicePath(service), what: health, health }));
    failed.value = false;
  } catch {
    failed.value = true; // those that were known stay
  }
}

const places = computed<readonly Place[]>(() => {
  void jumpOpen.value;
  const here = location.pathname;
  const all = [...services.value, ...PAGES].filter(({ path }) => path !== here);
  const rank = (place: Place) => (recent.indexOf(place.path) + 1 || RECENT_MAX + 1);
  return all.sort((a, b) => rank(a) - rank(b));
});
const found = computed(() => best(letters.value, places.value, ({ name }) => name, SHOWN_MAX));

function visit({ path }: Place): void {
  jumpOpen.value = false;
  go(path);
}

// Where one has been counts, however one came there.
route.subscribe(() => {
  recent = [location.pathname, ...recent.filter((path) => path !== location.pathname)].slice(0, RECENT_MAX);
});

function onKey(event: KeyboardEvent): void {
  const last = found.peek().length - 1;
  if (event.key === 'ArrowDown') chosen.value = Math.min(last, chosen.peek() + 1);
  else if (event.key === 'ArrowUp') chosen.value = Math.max(0, chosen.peek() - 1);
  else if (event.key === 'Enter' && found.peek()[chosen.peek()]) visit(found.peek()[chosen.peek()]!);
  else return;
  event.preventDefault();
}

function Option({ place, index }: { place: Place; index: number }) {
  return (
    <li role="option" id={`jump-${index}`} aria-selected={chosen.value === index} onClick={() => visit(place)} onPointerMove={() => (chosen.value = index)}>
      {place.health ? <Glyph kind={GLYPH_OF[place.health]} quiet /> : <span class="g" />}
      <span class="grow ell"><Name text={place.name} /></span>
      <span class="m sm">{place.what}</span>
    </li>
  );
}

function Box() {
  const all = found.value;
  return (
    <>
      <input type="text" role="combobox" aria-label="Jump to a service or a page" aria-controls="jump-list" aria-expanded={all.length > 0}
        aria-autocomplete="list" aria-activedescendant={all.length > 0 ? `jump-${chosen.value}` : undefined} placeholder="A service or a page" autocomplete="off" spellcheck={false}
        onKeyDown={onKey} onInput={(event) => {
          letters.value = event.currentTarget.value;
          chosen.value = 0;
        }} />
      <ul role="listbox" id="jump-list" aria-label="Found">{all.map((place, i) => <Option key={place.path} place={place} index={i} />)}</ul>
      <p class="m sm" role="status">
        {all.length === 0 && `Nothing has the letters ${visible(letters.value)}.`}
        {failed.value && ' The services could not be asked for: what is here may be old.'}
      </p>
    </>
  );
}

export const Jump = () => <Dialog open={jumpOpen} label="Jump" class="jump"><Box /></Dialog>;
