// What holds now and needs a person: causes with those who feel them, then whatever else is not well, worst first.
import { computed, useComputed } from '@preact/signals';
import { age, cut, parseTime, plural, visible } from './format';
import { Glyph, rowGlyph } from './glyphs';
import { follow, mapPath, overviewPath } from './route';
import { order, rowOf, statesMoved } from './rows';
import { nowMs } from './state';
import { ServiceLink } from './text';
import type { Row } from './views';

const CAUSES_MAX = 5;
const VICTIMS_MAX = 3;

const BAD = new Set(['warning', 'critical', 'emergency']);
const isBad = ({ severity }: { severity: string }) => BAD.has(severity);
const conditionsOf = (row: Row) => (row.conditions ?? []).filter(isBad);
const isSpent = ({ budget }: Row) => budget.exhaustion !== null && budget.exhaustion.in_s <= 0;
const needsSomeone = (row: Row) => row.health === 'unhealthy' || row.health === 'degraded' || !!row.conditions?.some(isBad) || isSpent(row);

interface Cause {
  row: Row;
  victims: readonly Row[];
}

// The same list as long as it has the same rows: the order of all others is nothing to it.
let lastBad: readonly Row[] = [];
const badRows = computed(() => {
  void statesMoved.value;
  const bad = order.value.map((name) => rowOf(name)!.state.peek()).filter(needsSomeone);
  if (bad.length !== lastBad.length || bad.some((row, i) => row !== lastBad[i])) lastBad = bad;
  return lastBad;
});

export const causes = computed<readonly Cause[]>(() => {
  const bad = badRows.value;
  const victims = new Map<string, Row[]>();
  for (const row of bad) if (row.caused_by) victims.set(row.caused_by, [...(victims.get(row.caused_by) ?? []), row]);
  return bad.filter((row) => !row.caused_by).map((row) => ({ row, victims: victims.get(row.service) ?? [] }));
});

function Age({ of: row }: { of: Row }) {
  const text = useComputed(() => {
    const since = parseTime(row.since);
    return since === null || row.health === 'healthy' ? '' : age(Math.max(0, nowMs.value - since) / 1000);
  });
  return <span class="m nw">{text}</span>;
}

// The facts beside the reason: each once, in the server's words.
function factsOf(row: Row): string[] {
  const facts = [
    ...conditionsOf(row).map(({ text, breakers }) => (breakers > 1 && text ? `${text}, and ${breakers - 1} more` : text)),
    isSpent(row) ? 'retry budget spent' : null,
  ];
  return facts.filter((fact): fact is string => !!fact && fact !== row.reason).map(visible);
}

function Victims({ of }: { of: readonly Row[] }) {
  const more = of.length - VICTIMS_MAX;
  return (
    <ul class="victims">
      {of.slice(0, VICTIMS_MAX).map((row) => (
        <li key={row.service}>
          <Glyph kind={rowGlyph(row)} /> <ServiceLink service={row.service} /> <span class="s">{row.reason && visible(row.reason)}</span>
        </li>
      ))}
      {more > 0 && <li class="m">{plural(more, 'more service feels it', 'more services feel it')}</li>}
    </ul>
  );
}

function Item({ row, victims }: Cause) {
  const facts = factsOf(row);
  const show = `${overviewPath}?q=${encodeURIComponent(`cause:"${row.service}"`)}`;
  return (
    <li class="need">
      <Glyph kind={rowGlyph(row)} />
      <div class="grow">
        <p><ServiceLink service={row.service} />{row.reason && <>: {cut(visible(row.reason), 200)}</>} <Age key={`${row.since} ${row.health}`} of={row} /></p>
        {facts.map((fact) => <p class="s" key={fact}>{fact}</p>)}
        {victims.length > 0 && <Victims of={victims} />}
        {victims.length > 0 && (
          <p class="acts">
            <a class="button" href={show} onClick={(event) => follow(event, show)}>All {victims.length + 1}</a>
            <a class="button" href={mapPath} onClick={(event) => follow(event, mapPath)}>Map</a>
          </p>
        )}
      </div>
    </li>
  );
}

export function Needs() {
  const all = causes.value;
  if (all.length === 0) return null;
  const folded = all.reduce((n, { victims }) => n + victims.length, 0);
  const rest = all.length - CAUSES_MAX;
  const show = `${overviewPath}?q=health:unhealthy,degraded`;
  return (
    <section class="card needs" aria-labelledby="needs-title">
      <header>
        <h2 id="needs-title">Needs you</h2>
        <span class="m">{plural(all.length, 'cause')}{folded > 0 && `, ${plural(folded, 'service')} folded into ${all.length === 1 ? 'it' : 'them'}`}</span>
      </header>
      <ul>
        {all.slice(0, CAUSES_MAX).map((cause) => <Item key={cause.row.service} {...cause} />)}
        {rest > 0 && <li class="need"><a href={show} onClick={(event) => follow(event, show)}>{plural(rest, 'more cause')}</a></li>}
      </ul>
    </section>
  );
}
