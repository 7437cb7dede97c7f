// The retry budget of a service: how much of it is used, what is left, and where the limit comes from.
import { shownHistory } from './chart-history';
import { Fact } from './facts';
import { count, duration, percent, percentText, rateText, visible } from './format';
import { Glyph, WORDS } from './glyphs';
import { Bullet, budgetPercent, budgetTone } from './marks';
import { Painted } from './paint';
import type { Budget, BudgetKind, ServiceDocument, Values } from './views';
import type { Exhaustion, KindOfBudget } from './views-service';

const KIND_WORDS: Record<BudgetKind, string> = {
  absolute: 'fixed limits',
  ratio: 'share of calls, with reserve',
  concurrency: 'share of active requests',
  failure_tokens: 'failure tokens',
  quota: 'quota',
  unknown: 'not known',
};
const RISK_TONE = ['ok', 'info', 'warn', 'crit', 'emer'];
const LABEL_PX = 68;
const CHANGED_RATIO = 0.02;
const APPROX = '\u2248\u202f';
const PER_MINUTE = '\u202f/min';

// Limits per minute and hour belong to these two kinds, whichever leads.
const hasLimits = ({ kind }: { kind: BudgetKind }) => kind === 'absolute' || kind === 'ratio';
const limitIsModelled = (b: Budget) => b.kinds?.find(hasLimits)?.modelled ?? b.modelled;

function Hour({ budget, modelled }: { budget: Budget; modelled: boolean }) {
  const { limit_hour: limit, remaining_hour: left } = budget;
  if (limit === null) return null;
  return <Fact label="This hour">{left !== null && <><b class={left === 0 ? 'c-crit' : ''}>{count(left)}</b> left of </>}{modelled ? APPROX : ''}{count(limit)}</Fact>;
}

function exhaustion({ exhaustion: end, exhaustion_reason: reason }: Pick<Budget, 'exhaustion' | 'exhaustion_reason'>): string {
  if (!end) return reason ? visible(reason) : 'not at the present speed';
  const limit = end.limit in KIND_WORDS ? KIND_WORDS[end.limit as BudgetKind] : `limit per ${end.limit}`;
  return `${end.in_s <= 0 ? 'now' : emptyIn(end)}, ${limit}`;
}

function emptyIn({ in_s, low_s, high_s, confidence }: Exhaustion): string {
  if (low_s === null) return `in ${duration(in_s)}`;
  return `in ${duration(in_s)} (${confidence === null ? '' : `${percentText(confidence * 100)}: `}${duration(low_s)} to ${high_s === null ? 'never' : duration(high_s)})`;
}

function percentOf(k: KindOfBudget): string {
  if (k.utilization_percent === null) return 'not known';
  const range = k.low_percent === null || k.high_percent === null ? ''
    : ` (80\u202f%: ${percent(k.low_percent)} to ${percentText(k.high_percent)})`;
  const left = k.remaining === null || k.limit === null ? '' : ` · ${count(k.remaining)} of ${count(k.limit)} left`;
  const end = !k.exhaustion ? '' : k.exhaustion.in_s <= 0 ? ' · spent' : ` · empty ${emptyIn(k.exhaustion)}`;
  return `${k.modelled ? APPROX : ''}${percentText(k.utilization_percent)}${range}${left}${end}`;
}

// Where the limit came from within the period that is shown, if it moved.
function changeOf(limits: Values): string | null {
  const heard = limits.filter((v): v is number => v !== null);
  const [first, last] = [heard[0], heard[heard.length - 1]];
  if (first === undefined || last === undefined || Math.abs(last - first) <= CHANGED_RATIO * first) return null;
  return `${last < first ? 'shrunk' : 'grown'} from ${count(first * 60)}`;
}

function Now({ budget, modelled }: { budget: Budget; modelled: boolean }) {
  if (budget.limit_minute === null) return null;
  const change = changeOf(shownHistory.value?.retry_limit ?? []);
  return <Fact label="Limit now">{modelled ? APPROX : ''}{count(budget.limit_minute)}{PER_MINUTE}{change && `, ${change}`}</Fact>;
}

function Mark({ at, word, right = false }: { at: number | null; word: string; right?: boolean }) {
  if (at === null) return null;
  const place = right ? `max(0px, calc(${100 - at}% - ${LABEL_PX}px))` : `${100 - at}%`;
  return <span class="before" style={{ right: place }}>{word} {at}</span>;
}

// The source does not say enough for a figure: what it does say, and why that is not enough.
function Unknown({ doc }: { doc: ServiceDocument }) {
  const { budget } = doc;
  const why = budget.evidence !== 'ok' && budget.evidence !== 'unknown' ? WORDS[budget.evidence]!
    : doc.retries_per_s === null ? 'The source of this service does not tell of retries.' : 'The source tells of retries, but of no limit.';
  return (
    <section class="card in budget">
      <h2>Retry budget</h2>
      <p class="huge m">{doc.retries_per_s === null ? 'unknown' : 'limit unknown'}</p>
      <Painted value={doc}>{(bind) => <Bullet bind={bind} large />}</Painted>
      <p class="s">{why}</p>
      <dl class="kv">
        {doc.retries_per_s !== null && <Fact label="Retries">{rateText(doc.retries_per_s)}</Fact>}
        {budget.limit_minute !== null && <Fact label="Limit given">{count(budget.limit_minute)}{PER_MINUTE}{budget.limit_hour !== null && `, ${count(budget.limit_hour)}\u202f/h`}</Fact>}
      </dl>
    </section>
  );
}

function Speed({ doc }: { doc: ServiceDocument }) {
  return (
    <p class="s rt beside">
      {doc.budget.used_minute !== null && <><b>{count(doc.budget.used_minute)}</b> of {limitIsModelled(doc.budget) ? APPROX : ''}{count(doc.budget.limit_minute)} in the last minute<br /></>}
      {doc.retries_per_s !== null && <><b>{rateText(doc.retries_per_s)}</b> used</>}
      {doc.retries_denied_per_s !== null && <> · <b class={doc.retries_denied_per_s > 0 ? 'c-crit' : ''}>{rateText(doc.retries_denied_per_s)}</b> denied</>}
    </p>
  );
}

function Kinds({ budget }: { budget: Budget }) {
  const kinds = budget.kinds ?? [];
  if (kinds.length < 2) return null;
  return <>{kinds.map((k) => <Fact key={k.kind} label={`By ${KIND_WORDS[k.kind]}`}>{percentOf(k)}</Fact>)}</>;
}

export function BudgetCard({ doc }: { doc: ServiceDocument }) {
  const { budget } = doc;
  if (budget.utilization_percent === null) return <Unknown doc={doc} />;
  const tone = budgetTone(budget);
  const modelled = limitIsModelled(budget);
  return (
    <section class={`card in budget${budget.evidence === 'stale' ? ' old' : ''}`}>
      <header class="bare">
        <h2>Retry budget</h2>
        <span class="sp" />
        {budget.evidence !== 'ok' && <span class="chip unk"><Glyph kind={budget.evidence} quiet />{WORDS[budget.evidence]}</span>}
        {budget.risk && <span class={`chip ${RISK_TONE[budget.risk_level ?? 0] ?? 'unk'}`}>risk: {visible(budget.risk)}</span>}
      </header>
      <div class="figure">
        <p class={`huge ${tone === 's1' ? '' : `c-${tone}`}`}>{budgetPercent(budget)} <span class="unit">used</span></p>
        <Speed doc={doc} />
      </div>
      <Painted value={doc}>{(bind) => <Bullet bind={bind} large />}</Painted>
      <p class="scale xs m">
        <span>0</span>
        <Mark at={budget.warning_threshold_percent} word="warning" />
        <Mark at={budget.critical_threshold_percent} word="critical" right />
      </p>
      <dl class="kv">
        {budget.returning_10s_percent !== null && <Fact label="Comes back in 10 s">{percentText(budget.returning_10s_percent)}</Fact>}
        {hasLimits(budget) && <Now budget={budget} modelled={modelled} />}
        <Hour budget={budget} modelled={modelled} />
        {budget.retry_rate_percent !== null && <Fact label="Share of calls">{percentText(budget.retry_rate_percent)}</Fact>}
        <Fact label="Empty">{exhaustion(budget)}</Fact>
        <Fact label="Model">{budget.modelled ? 'modelled' : 'measured'}, {KIND_WORDS[budget.kind]}</Fact>
        <Kinds budget={budget} />
      </dl>
    </section>
  );
}
