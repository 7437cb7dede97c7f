// The page: takes the view that the address names, keeps the title and the spoken line.
import { effect, signal, untracked } from '@preact/signals';
import { render } from 'preact';
import { visible } from './format';
import { Hatches } from './marks';
import { Notices } from './notices';
import { DependencyMap } from './map';
import { Overview } from './overview';
import { Query } from './query';
import { follow, kiosk, overviewPath, route, type Route } from './route';
import { Service } from './service';
import { CopyDialog, said } from './copy';
import { Jump } from './jump';
import './keys';
import { Settings } from './settings';
import { Bars, Failed } from './shell';
import { TopBar } from './top';
import { Storage } from './storage';
import { storage } from './storage-data';
import { feedState, isRefused, mapDoc, open, overviewLoaded, paused, refused, sentence, serviceDoc, totals } from './state';
import type { Sentence } from './views';

const SPEAK_EVERY_MS = 10_000;
const spoken = signal('');

const SENTENCES: Record<Route['view'], () => Sentence | null | undefined> = {
  overview: () => sentence.value,
  service: () => serviceDoc.value?.sentence,
  storage: () => storage.value?.sentence,
  map: () => mapDoc.value?.sentence,
  query: () => null,
  missing: () => null,
};
const currentSentence = (): Sentence | null => SENTENCES[route.value.view]() ?? null;

const MARKS: Record<string, string> = { unhealthy: '\u2715 ', critical: '\u2715 ', degraded: '\u25b2 ', warning: '\u25b2 ', unknown: '? ' };

function trouble(): string {
  const now = route.value;
  if (now.view === 'overview') {
    const services = totals.value?.services;
    if (!services) return '';
    if (services.unhealthy > 0) return `\u2715 ${services.unhealthy} unhealthy · `;
    return services.degraded > 0 ? `\u25b2 ${services.degraded} degraded · ` : '';
  }
  const bad = now.view === 'service' ? serviceDoc.value?.health : currentSentence()?.severity;
  return MARKS[bad ?? ''] ?? '';
}

const TITLES = { overview: 'Overview', storage: 'Storage', map: 'Map', query: 'Query', missing: 'Not there' };
effect(() => {
  const now = route.value;
  const where = now.view === 'service' ? visible(now.name).slice(0, 64) : TITLES[now.view];
  const link = feedState.value.kind === 'lost' && !isRefused.value ? 'not connected · ' : paused.value ? 'paused · ' : '';
  document.title = `${link}${trouble()}${where} · fusebox`;
});

// Speaks a new cause, and a lost or regained connection; figures that move are not news.
let lastCause = '';
let wasLost = false;
let spokenMono = -Infinity;
effect(() => {
  const words = currentSentence();
  const lost = feedState.value.kind === 'lost' && !isRefused.value;
  const cause = words ? `${words.severity} ${words.since ?? ''} ${(words.links ?? []).map((l) => l.service).join(' ')}` : lastCause;
  if (lost !== wasLost) spoken.value = lost ? 'Connection lost' : 'Connected again';
  else if (cause !== lastCause && words && performance.now() - spokenMono >= SPEAK_EVERY_MS) {
    spoken.value = visible(words.text);
    spokenMono = performance.now();
    lastCause = cause;
  }
  wasLost = lost;
});

effect(() => {
  document.documentElement.toggleAttribute('data-kiosk', kiosk.value);
});

effect(() => {
  const next = route.value;
  untracked(() => open(next));
});

function Missing({ path }: { path: string }) {
  return (
    <section class="card in">
      <h1>There is no page here</h1>
      <p><code>{visible(path).slice(0, 256)}</code></p>
      <p><a href={overviewPath} onClick={(event) => follow(event, overviewPath)}>All services</a></p>
    </section>
  );
}

function View() {
  const now = route.value;
  if (now.view === 'service') return <Service key={now.name} name={now.name} />;
  if (now.view === 'storage') return <Storage />;
  if (now.view === 'map') return <DependencyMap />;
  if (now.view === 'query') return <Query />;
  if (now.view === 'missing') return <Missing path={now.path} />;
  return refused.value && !overviewLoaded.value ? <Failed failure={refused.value} /> : <Overview />;
}

function App() {
  const old = feedState.value.kind === 'lost' && !isRefused.value;
  return (
    <>
      <a class="skip" href="#main">To the content</a>
      <Hatches />
      <TopBar />
      <main id="main" tabIndex={-1}>
        <Notices />
        <Bars />
        <div class={old ? 'view disconnected' : 'view'}><View /></div>
      </main>
      <div class="sr" aria-live="polite">{spoken.value}</div>
      <div class="said" role="status">{said.value}</div>
      <Jump />
      <Settings />
      <CopyDialog />
    </>
  );
}

const app = document.getElementById('app')!;
app.replaceChildren(); // index.html has shown the frame until now
render(<App />, app);
