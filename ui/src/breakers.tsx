// A service's breakers: state, how long, and the last 15 minutes as a strip whose height is the state.
import { age, clock, count, duration, moment, parseTime, percentText, plural, visible } from './format';
import { BREAKER_WORDS, BreakerGlyph, Glyph, breakerTone } from './glyphs';
import { Strip } from './marks';
import { nowMs } from './state';
import { Name } from './text';
import type { Breaker, ServiceDocument } from './views';

const STRIP_MS = 15 * 60_000;
const RANK = { open: 0, half_open: 1, unknown: 2, disabled: 3, closed: 4 };

const CONDITION_WORDS: Record<string, string> = {
  flapping: 'flapping',
  failure_rate: 'many failures',
  stuck_open: 'stuck open',
  slow_recovery: 'slow recovery',
};

// That it is open stands there as its state.
const shownConditions = (b: Breaker) => (b.conditions ?? []).filter((c) => c.condition !== 'open');

function facts(b: Breaker): string {
  const failing = b.failure_rate_percent === null || b.requests === null || b.requests === 0
    ? 'failures: not told'
    : `${percentText(b.failure_rate_percent)} of ${count(b.requests)} requests fail (5 min)`;
  return [
    failing,
    b.consecutive_failures !== null && `${count(b.consecutive_failures)} in a row`,
    b.transitions_15m !== null && `${plural(b.transitions_15m, 'change')} in 15 min`,
    b.seconds_in_state && b.seconds_in_state.open > 0 && `open ${duration(b.seconds_in_state.open)} in all`,
    b.last_recovery_s !== null && `last recovery took ${duration(b.last_recovery_s)}`,
  ].filter(Boolean).join(' · ');
}

function Entry({ breaker }: { breaker: Breaker }) {
  const now = nowMs.value;
  const since = parseTime(breaker.since);
  const failed = parseTime(breaker.last_failure_time);
  const tone = breakerTone(breaker.state);
  const where = [breaker.endpoint, breaker.caller && `called by ${breaker.caller}`].filter(Boolean).join(' · ');
  return (
    <li class="brk">
      <BreakerGlyph state={breaker.state} />
      <div class="who">
        <b><Name text={breaker.name} /></b>
        {where && <span class="xs m ell"><Name text={where} /></span>}
      </div>
      <div class="what">
        <b class={tone === 'mute' ? 's' : `c-${tone}`}>{BREAKER_WORDS[breaker.state] ?? visible(breaker.state)}</b>
        {since !== null && <span class="m" title={breaker.since ?? undefined}> for {age((now - since) / 1000)}</span>}
        <span class="xs m">
          {breaker.evidence !== 'ok' ? <><Glyph kind={breaker.evidence} /> </> : null}
          {since !== null ? `since ${moment(since, now)}` : 'since: not told'}
        </span>
        {shownConditions(breaker).map((c) => (
          <span class={`chip ${c.severity === 'critical' ? 'crit' : 'warn'}`} key={c.condition} title={c.text ?? undefined}>
            {CONDITION_WORDS[c.condition] ?? visible(c.condition)}
          </span>
        ))}
      </div>
      <div class="when">
        <Strip spans={breaker.strip} fromMs={now - STRIP_MS} toMs={now} />
        <span class="xs m facts">{facts(breaker)}{failed !== null && ` · last failure ${moment(failed, now)}`}</span>
      </div>
    </li>
  );
}

export function BreakerList({ doc }: { doc: ServiceDocument }) {
  const list = doc.breaker_list ?? [];
  if (list.length === 0) return null;
  const sorted = [...list].sort((a, b) => (RANK[a.state] ?? 2) - (RANK[b.state] ?? 2) || (a.name < b.name ? -1 : 1));
  const open = list.filter((b) => b.state === 'open').length;
  const now = nowMs.value;
  return (
    <section class="card breakers">
      <header>
        <h2>Breakers</h2>
        <span class="m">{count(open)} of {count(list.length)} open</span>
        <span class="sp" />
        <span class="m nw">{clock(now - STRIP_MS, false)} to {clock(now, false)}</span>
      </header>
      <ul>{sorted.map((b) => <Entry key={`${b.name}\n${b.endpoint}\n${b.caller ?? ''}`} breaker={b} />)}</ul>
      <footer class="foot">
        <span>low line: closed</span><span>half height, hatched: half-open</span><span>full block: open</span><span>dots: unknown</span>
      </footer>
    </section>
  );
}
