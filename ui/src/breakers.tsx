// A service's breakers: state, how long, how many instances, and a strip whose height is the state.
import { useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import { spansOf } from './breaker-time';
import { shownHistory } from './chart-history';
import { startMs } from './chart-data';
import { age, count, duration, moment, parseTime, percentText, plural, visible } from './format';
import { BREAKER_WORDS, BreakerGlyph, Glyph, breakerTone } from './glyphs';
import { openSeconds, watchOpenTime } from './open-time';
import { nowMs } from './state';
import { Strip } from './strip';
import { Name } from './text';
import type { Breaker, ServiceDocument } from './views';

const FEW = 3;
const INSTANCES_MAX = 50;
const RANK = { open: 0, half_open: 1, unknown: 2, disabled: 3, closed: 4 };
const rank = (b: Breaker) => RANK[b.state] ?? 2;

const CONDITION_WORDS: Record<string, string> = {
  flapping: 'flapping',
  failure_rate: 'many failures',
  stuck_open: 'stuck open',
  slow_recovery: 'slow recovery',
};

// That it is open stands there as its state.
const shownConditions = (b: Breaker) => (b.conditions ?? []).filter((c) => c.condition !== 'open');

// One breaker has an instance in each of its callers: the worst speaks for all.
function grouped(list: readonly Breaker[]): Breaker[][] {
  const groups = new Map<string, Breaker[]>();
  for (const b of list) {
    const key = `${b.name}\n${b.endpoint}`;
    groups.set(key, [...(groups.get(key) ?? []), b]);
  }
  for (const group of groups.values()) group.sort((a, b) => rank(a) - rank(b) || ((a.caller ?? '') < (b.caller ?? '') ? -1 : 1));
  return [...groups.values()].sort(([a], [b]) => rank(a!) - rank(b!) || (a!.name < b!.name ? -1 : 1));
}

const Lock = () => (
  <svg class="g" viewBox="0 0 16 16" role="img" aria-label="forced">
    <path d="M3 7h10v7H3z" fill="currentColor" />
    <path d="M5 7V5a3 3 0 016 0v2" fill="none" stroke="currentColor" stroke-width="1.6" />
  </svg>
);

// From the counters: they know of openings that were shorter than a scrape. What is stored counts where it tells of more than the daemon has
// seen since it started.
function timeOpen(b: Breaker): string | false {
  const { seconds_in_state: seconds } = b;
  const day = openSeconds(b) ?? 0;
  if (day > (seconds?.open ?? 0) + 1) return `open ${duration(day)} in 24 h`;
  if (!seconds || seconds.open <= 0) return false;
  const seen = Object.values(seconds).reduce((sum, s) => sum + s, 0);
  return `open ${duration(seconds.open)} of ${duration(seen)} watched`;
}

function facts(b: Breaker, now: number): string {
  const failing = b.failure_rate_percent === null || b.requests === null || b.requests === 0
    ? 'failures: not told'
    : `${percentText(b.failure_rate_percent)} of ${count(b.requests)} requests fail (5 min)`;
  const failed = parseTime(b.last_failure_time);
  return [
    failing,
    b.consecutive_failures !== null && `${count(b.consecutive_failures)} in a row`,
    b.transitions_15m !== null && b.transitions_15m > 0 && `${plural(b.transitions_15m, 'change')} in 15 min`,
    timeOpen(b),
    b.last_recovery_s !== null && `last recovery took ${duration(b.last_recovery_s)}`,
    failed !== null && `last failure ${moment(failed, now)}`,
  ].filter(Boolean).join(' · ');
}

const State = ({ breaker }: { breaker: Breaker }) => {
  const tone = breakerTone(breaker.state);
  if (breaker.forced) return <b class={`c-${tone}`}>forced open</b>;
  return <b class={tone === 'mute' ? 's' : `c-${tone}`}>{BREAKER_WORDS[breaker.state] ?? visible(breaker.state)}</b>;
};

function Since({ breaker }: { breaker: Breaker }) {
  const now = nowMs.value;
  const since = parseTime(breaker.since);
  return since === null ? <>since: not told</> : <span title={`since ${breaker.since}`}>for {age((now - since) / 1000)}, since {moment(since, now)}</span>;
}

function Instances({ group }: { group: readonly Breaker[] }) {
  const open = useSignal(false);
  return (
    <details class="numbers xs" onToggle={(event) => (open.value = event.currentTarget.open)}>
      <summary>{plural(group.length, 'instance')}</summary>
      {open.value && (
        <ul>
          {group.slice(0, INSTANCES_MAX).map((b) => (
            <li class="rc" key={b.caller ?? ''}><BreakerGlyph state={b.state} /><span class="ell grow"><Name text={b.caller ?? 'caller not told'} /></span><State breaker={b} /> <span class="m"><Since breaker={b} /></span></li>
          ))}
          {group.length > INSTANCES_MAX && <li class="m">{count(group.length - INSTANCES_MAX)} more</li>}
        </ul>
      )}
    </details>
  );
}

function Entry({ group, fromMs, toMs }: { group: readonly Breaker[]; fromMs: number; toMs: number }) {
  const worst = group[0]!;
  const n = group.length;
  const same = group.filter((b) => b.state === worst.state).length;
  const where = [worst.endpoint, n === 1 && worst.caller && `called by ${worst.caller}`].filter(Boolean).join(' · ');
  return (
    <li class="brk">
      <div class="rc">
        <BreakerGlyph state={worst.state} />
        {(worst.state === 'disabled' || worst.forced) && <Lock />}
        <b class="ell grow"><Name text={worst.name} /></b>
        {worst.evidence !== 'ok' && <Glyph kind={worst.evidence} />}
        <span><State breaker={worst} />{n > 1 && ` ${same}/${n}`}</span>
      </div>
      <p class="xs m"><Since breaker={worst} />{where && <> · <Name text={where} /></>}</p>
      <Strip spans={spansOf(worst, nowMs.value)} fromMs={fromMs} toMs={toMs} label={`${moment(fromMs, toMs)} to ${moment(toMs, toMs)}`} />
      {shownConditions(worst).map((c) => (
        <span class={`chip ${c.severity === 'critical' ? 'crit' : 'warn'}`} key={c.condition} title={c.text === null ? undefined : visible(c.text)}>
          {CONDITION_WORDS[c.condition] ?? visible(c.condition)}
        </span>
      ))}
      <p class="xs m">{facts(worst, nowMs.value)}</p>
      {n > 1 && <Instances group={group} />}
    </li>
  );
}

// The strips have the charts' period, from where anything is known of it.
function stripPeriod(list: readonly Breaker[]): [number, number] {
  const now = nowMs.value;
  const history = shownHistory.value;
  const to = history ? Math.max(history.end_ms, now - history.end_ms < 2 * history.step_s * 1000 ? now : 0) : now;
  const from = history ? startMs(history) : now - 900_000;
  const known = Math.min(...list.map((b) => spansOf(b, now)[0]?.[0] ?? to));
  return known < to ? [Math.max(from, known), to] : [from, to];
}

export function BreakerList({ doc }: { doc: ServiceDocument }) {
  const all = useSignal(false);
  const list = doc.breaker_list ?? [];
  useEffect(() => (list.length > 0 ? watchOpenTime(doc.service) : undefined), [doc.service, list.length > 0]);
  if (list.length === 0) return null;
  const groups = grouped(list);
  const shown = all.value ? groups : groups.slice(0, FEW);
  const [fromMs, toMs] = stripPeriod(list);
  const now = nowMs.value;
  return (
    <section class="card breakers" aria-labelledby="breakers-title">
      <header>
        <h2 id="breakers-title">Breakers</h2>
        <span class="m">{count(groups.filter(([b]) => b!.state === 'open').length)} of {count(groups.length)} open</span>
        <span class="sp" />
        <span class="m nw">{moment(fromMs, now).slice(0, -3)} to {moment(toMs, now).slice(0, -3)}</span>
      </header>
      <ul>{shown.map((group) => <Entry key={`${group[0]!.name}\n${group[0]!.endpoint}`} group={group} fromMs={fromMs} toMs={toMs} />)}</ul>
      {groups.length > FEW && <p class="foot"><button class="flat" onClick={() => (all.value = !all.value)}>{all.value ? `Only the worst ${FEW}` : `${groups.length - FEW} more`}</button></p>}
    </section>
  );
}
