// The language that narrows the list of services: terms, all of which must hold. Pure.
//
//   pay                          the name has "pay" in it
//   team:payments,orders         is one of these; in quotes: team:"card present"
//   name~pay  team~pay           has it in it
//   budget>80  p99>=250  errors<1
//   -team:payments               not
//
// Text: name team env source health evidence risk breaker condition cause. Numbers: calls errors retries (per second),
// success budget (percent), p99 (milliseconds), open (breakers), left (this minute), left_hour. What is not known
// is neither above nor below. A term that makes no sense is left out and named.
import { rowGlyph } from './glyphs';
import type { Row } from './views';

export interface Term {
  text: string;
  holds(row: Row): boolean;
}

export interface Filter {
  terms: readonly Term[];
  faults: readonly string[];
}

const known = (...values: (string | null | undefined)[]) => values.filter((value): value is string => !!value);

function breakerWords({ breakers, conditions }: Row): string[] {
  const states = (['open', 'half_open', 'closed', 'disabled', 'unknown'] as const).filter((state) => breakers[state] > 0);
  return breakers.total === 0 ? ['none'] : [...states, ...(conditions ?? []).map(({ condition }) => condition)];
}

const TEXTS = new Map<string, (row: Row) => string[]>(Object.entries({
  name: (row: Row) => [row.service],
  team: (row: Row) => known(row.team),
  env: (row: Row) => known(row.environment),
  source: (row: Row) => known(row.source),
  health: (row: Row) => [row.health, rowGlyph(row)],
  evidence: (row: Row) => [row.evidence],
  risk: (row: Row) => known(row.budget.risk),
  breaker: breakerWords,
  cause: (row: Row) => known(row.caused_by, row.victims ? row.service : null),
}));
const ALIASES = new Map([['service', 'name'], ['environment', 'env'], ['breakers', 'breaker'], ['condition', 'breaker']]);

const scaled = (value: number | null, by: number) => (value === null ? null : value * by);

export const NUMBERS = new Map<string, (row: Row) => number | null>(Object.entries({
  calls: (row: Row) => row.calls_per_s,
  errors: (row: Row) => row.errors_per_s,
  retries: (row: Row) => row.retries_per_s,
  success: (row: Row) => scaled(row.success_ratio, 100),
  budget: (row: Row) => row.budget.utilization_percent,
  p99: (row: Row) => scaled(row.latency_p99_s, 1000),
  open: (row: Row) => row.breakers.open,
  left: (row: Row) => row.budget.remaining_minute,
  left_hour: (row: Row) => row.budget.remaining_hour,
}));

const lower = (text: string) => text.toLowerCase().replace(/-/g, '_');

// Values apart at commas that are not in quotes.
const valuesOf = (text: string) => (text.match(/"[^"]*"|[^,]+/g) ?? []).map((value) => lower(value.replace(/"/g, '')));

function textTest(key: string, op: string, values: readonly string[]): Term['holds'] {
  const of = TEXTS.get(key)!;
  return op === ':'
    ? (row) => of(row).some((text) => values.includes(lower(text)))
    : (row) => of(row).some((text) => values.some((value) => lower(text).includes(value)));
}

const COMPARES: Record<string, (a: number, b: number) => boolean> = {
  '>': (a, b) => a > b, '<': (a, b) => a < b, '>=': (a, b) => a >= b, '<=': (a, b) => a <= b, ':': (a, b) => a === b,
};

function numberTest(key: string, op: string, text: string): Term['holds'] | null {
  const limit = text.trim() === '' ? NaN : Number(text);
  const compare = COMPARES[op];
  if (Number.isNaN(limit) || !compare) return null;
  return (row) => {
    const value = NUMBERS.get(key)!(row);
    return value !== null && compare(value, limit);
  };
}

function testOf(text: string): Term['holds'] | null {
  const parts = /^([a-z0-9_]+)(>=|<=|[:~><])(.*)$/i.exec(text);
  if (!parts) return textTest('name', '~', [lower(text.replace(/"/g, ''))]);
  const [, name = '', op = '', rest = ''] = parts;
  const key = ALIASES.get(name.toLowerCase()) ?? name.toLowerCase();
  if (NUMBERS.has(key)) return numberTest(key, op, rest);
  const values = valuesOf(rest);
  return TEXTS.has(key) && values.length > 0 && (op === ':' || op === '~') ? textTest(key, op, values) : null;
}

function termOf(text: string): Term | null {
  const not = text.length > 1 && text.startsWith('-');
  const test = testOf(not ? text.slice(1) : text);
  return test && { text, holds: not ? (row) => !test(row) : test };
}

const TERMS_MAX = 32;

export function parseFilter(query: string): Filter {
  const texts = (query.match(/(?:[^\s"]|"[^"]*"?)+/g) ?? []).slice(0, TERMS_MAX);
  const terms = texts.map(termOf);
  return { terms: terms.filter((term): term is Term => term !== null), faults: texts.filter((_, i) => terms[i] === null) };
}

export const passes = (filter: Filter, row: Row): boolean => filter.terms.every((term) => term.holds(row));

export const without = (filter: Filter, text: string): string =>
  filter.terms.filter((term) => term.text !== text).map((term) => term.text).join(' ');
