// Queries for the comparison of query engines: a list by hand that has every function, operator and aggregation, and a generator by
// the language's grammar.

const RANGE = ['rate', 'increase', 'delta', 'irate', 'idelta', 'deriv', 'changes', 'resets', 'avg_over_time', 'min_over_time', 'max_over_time',
  'sum_over_time', 'count_over_time', 'stddev_over_time', 'stdvar_over_time', 'last_over_time', 'present_over_time'];
const EXACT = ['changes', 'resets', 'idelta', 'count_over_time', 'min_over_time', 'max_over_time', 'last_over_time']; // to the last bit
const VALUE = ['abs', 'ceil', 'floor', 'exp', 'ln', 'log2', 'log10', 'sqrt', 'sgn', 'sin', 'cos', 'tan', 'asin', 'acos', 'atan', 'sinh', 'cosh', 'tanh',
  'asinh', 'acosh', 'atanh', 'deg', 'rad', 'round'];
const TIME = ['minute', 'hour', 'day_of_week', 'day_of_month', 'day_of_year', 'days_in_month', 'month', 'year'];
const PLAIN = ['sum', 'avg', 'count', 'min', 'max', 'group', 'stddev', 'stdvar'];
const ARITHMETIC = ['+', '-', '*', '/', '%', '^', 'atan2'];
const COMPARE = ['==', '!=', '<', '<=', '>', '>='];
const SETS = ['and', 'or', 'unless'];

const WINDOWS = ['1s', '15s', '1m', '15m', '1h'], QUANTILES = ['-0.5', '0.1', '0.5', '0.75', '0.95', '0.99', '1', '1.5'];
const BINARY = [...ARITHMETIC, ...COMPARE];

// What public suites of conformance ask as well: each operation in all its shapes.
const inAllShapes = () => [
  '42', '1.234', '.123', '1.23e-3', '0x3d', '+Inf', '-Inf', '-1 ^ 2', '1 * 2 + 4 / 6 - 10 % 2 ^ 2', '-(gen_load)', 'gen_load + -(1)', 'timestamp(-gen_load)', 'timestamp(timestamp(gen_limit))', 'avg(max by (service) (gen_load))',
  '{service="api", zone!="a"}', 'gen_load{service="api", zone!="a"}', 'gen_load{service=~"nobody"}', 'gen_load{service!~".*b"}', '{__name__=~".*"}', 'gen_load offset 1m', 'gen_load offset -1m', 'gen_load offset 10m', 'gen_load offset -10m',
  ...PLAIN.flatMap((a) => ['', 'by () ', 'by (service) ', 'by (service, zone) ', 'by (nothing) ', 'without () ', 'without (service) ', 'without (service, zone) ', 'without (nothing) '].map((group) => `${a} ${group}(gen_load)`)), ...PLAIN.map((a) => `${a}(gen_nothing)`),
  ...['topk', 'bottomk'].flatMap((f) => ['', 'by (service) ', 'without (service) ', 'without () '].map((group) => `${f} ${group}(2, gen_load)`)), ...QUANTILES.map((n) => `quantile(${n}, gen_load)`),
  ...COMPARE.flatMap((o) => [`gen_limit + (1 ${o} bool 2)`, `1.5 ${o} bool gen_load`, `gen_load ${o} bool on (service, zone) gen_load`, `time() ${o} bool 1`, `1 ${o} bool time()`, `time() ${o} bool time()`]),
  ...ARITHMETIC.flatMap((o) => [`1 ${o} time()`, `time() ${o} 1`, `time() ${o} time()`]),
  ...BINARY.flatMap((o) => [`gen_load ${o} 1.2345`, `0.12345 ${o} gen_load`, `(1 * 2 + 4 / 6 - (10 % 7) ^ 2) ${o} gen_load`, `gen_load ${o} (1 * 2 + 4 / 6 - 10)`, `time() ${o} gen_load`, `gen_load ${o} time()`,
    `gen_load ${o} on (instance, job, service, zone) gen_load`, `sum by (service, zone) (gen_load) ${o} on (service, zone) group_left (job) gen_load`]),
  'gen_load / on (instance, job, service, zone, __name__) gen_load', 'gen_load == on (service, zone, __name__) gen_load', 'gen_load / on (service, zone, job, nothing) gen_load', 'sum without (job) (gen_load) / on (service, zone) gen_load', 'sum without (job) (gen_load) / on (service, zone) group_left gen_load',
  'gen_load / on (service, job) group_left gen_limit', 'gen_load / on (service) gen_limit', 'gen_limit / on (service) gen_load', 'gen_load / on (service) gen_load', 'gen_limit * Inf', 'gen_limit * -Inf', 'gen_limit * NaN',
  ...WINDOWS.flatMap((w) => [...RANGE, 'absent_over_time'].flatMap((f) => [`${f}(gen_load[${w}])`, `${f}(gen_calls_total[${w}])`])), ...WINDOWS.flatMap((w) => [...QUANTILES.map((n) => `quantile_over_time(${n}, gen_load[${w}])`), `predict_linear(gen_load[${w}], 600)`]),
  ...VALUE.map((f) => `${f}(-gen_load)`), ...RANGE.map((f) => `${f}(gen_nothing[5m])`), ...TIME.flatMap((f) => ['1m', '10m'].map((by) => `${f}(gen_calls_total offset ${by})`)),
  ...[['zone', 'to-$1', 'service', 'a(.*)'], ['zone', 'to-$1', 'service', 'pi'], ['zone', '$1-$2', 'service', '(.)(.*)'], ['zone', 'x-$1', 'nothing', 'y-(.*)'], ['zone', 'x-$1', 'nothing', '(.*)'], ['zone', 'x-$1', 'service', 'nobody'], ['zone', '', 'new', '.*'], ['zone', 'x', 'service', '(.*'],
    ['\\xff', '', 'service', '(.*)'], ['service', '', '', ''], ['__name__', 'new_$1', 'service', '(.*)'], ['zone', '${1}x$0$3', 'service', '(.)(?P<rest>.*)'], ['zone', '$rest', 'service', '(.)(?P<rest>.*)']].map(([to, with_, from, by]) => `label_replace(gen_load, "${to}", "${with_}", "${from}", "${by}")`),
  'label_join(gen_load, "new", "-", "service", "zone")', 'label_join(gen_load, "job", "-", "service", "job")', 'label_join(gen_load, "job", "-", "service")', 'label_join(gen_load, "\\xff", "-", "service")', 'label_join(gen_load, "zone", "-", "nothing")',
  'clamp_min(gen_load, 2)', 'clamp_max(gen_load, 2)', 'clamp(gen_load, 0, 1)', 'clamp(gen_load, 0, 1e12)', 'clamp(gen_load, 1e12, 0)', 'clamp(gen_load, 1e12, 1e12)', 'vector(1.23)', 'count_values("value", gen_duration_seconds_bucket)',
  ...QUANTILES.map((n) => `histogram_quantile(${n}, rate(gen_duration_seconds_bucket[1m]))`), 'histogram_quantile(0.9, gen_nothing)', 'histogram_quantile(0.9, gen_load)', 'histogram_quantile(0.9, {__name__=~"gen_(duration_seconds_bucket|load)"})',
  'max_over_time((time() - max(gen_calls_total) < 1e12)[5m:10s] offset 5m)', 'avg_over_time(rate(gen_calls_total[1m])[2m:10s])',
];

export const byHand = () => [
  ...inAllShapes(),
  '1', '-1', '1 + 2 * 3 ^ 2 ^ 0.5', '7 % 4', '-7 % 4', '0 / 0', '1 / 0', '"text"', 'time()', 'pi()', 'vector(1)', 'scalar(gen_limit{service="api"})', 'scalar(gen_load)',
  '1 == bool 1', '2 atan2 3', 'gen_load', 'gen_nothing', 'gen_load{zone=~"a|b",service!="db"}', '{__name__=~"gen_l.*",service="api"}', 'gen_load{zone!~"[ab]"}',
  'gen_info{Team="a"}', 'gen_queue{extra=""}', 'gen_queue{extra!=""}',
  'gen_load offset 7m', 'gen_load offset -7m', 'gen_calls_total @ end()', 'gen_calls_total @ start()', 'rate(gen_calls_total[5m] @ end())', 'gen_load[2m]', 'gen_load[2m] offset 1m',
  'gen_load[5m:1m]', 'sum(gen_load)[5m:90s]', '+gen_load', '+-+gen_load', '+(1) - +gen_load', '+gen_load + +time()', 'sum(+gen_load)', 'timestamp(+gen_load)', 'absent(+gen_nothing{a="b"})', '(+gen_load)[3m:1m]', 'rate(+gen_load[5m])', '+"text"', '+topk(2, gen_load)', 'count_over_time((+gen_load)[5m:1m])', 'label_replace(+gen_load, "service", "x", "", "")', '+{__name__=~"gen_l.*"} offset 1m', 'rate(gen_calls_total[2m])[5m:1m]',
  ...RANGE.flatMap((f) => [`${f}(gen_calls_total[5m])`, `${f}(gen_load[3m])`, `${f}(gen_load[1s])`, `${f}(sum by (service) (gen_load)[5m:30s])`, `${f}(gen_load[4m] offset 3m)`]),
  'quantile_over_time(0.9, gen_load[5m])', 'quantile_over_time(2, gen_load[5m])', 'predict_linear(gen_load[10m], 600)', 'predict_linear(gen_load[10m] offset 5m, 600)', 'holt_winters(gen_load[10m], 0.3, 0.6)',
  'absent(gen_nothing{a="b"})', 'absent(gen_load)', 'absent(sum(gen_nothing))', 'absent_over_time(gen_nothing{a="b",c=~"d"}[5m])', 'absent_over_time(gen_load{service="api"}[1m])',
  ...VALUE.flatMap((f) => [`${f}(gen_load)`, `${f}(gen_limit / 100)`]), 'round(gen_load, 5)', 'clamp(gen_load, -10, 10)', 'clamp(gen_load, 10, -10)', 'clamp_min(gen_load, 0)', 'clamp_max(gen_load, 0)',
  ...TIME.flatMap((f) => [`${f}()`, `${f}(gen_calls_total * 86400)`]), 'timestamp(gen_load)', 'timestamp(gen_load * 1)', 'timestamp((gen_load))', 'timestamp(gen_load offset 3m)',
  ...PLAIN.flatMap((a) => [`${a}(gen_load)`, `${a} by (service) (gen_load)`, `${a} without (zone) (gen_load)`, `${a} by (nothing) (gen_queue)`, `${a}(rate(gen_calls_total[5m])) by (service, code)`]),
  'quantile(0.5, gen_load)', 'quantile by (service) (0.9, gen_load)', 'quantile(NaN, gen_load)', 'quantile(-1, gen_load)', 'topk(3, gen_queue)', 'bottomk(3, gen_queue)', 'topk by (odd) (2, gen_queue)', 'topk(0, gen_queue)', 'topk(1e3, gen_queue)',
  ...['topk', 'bottomk'].flatMap((f) => [`${f}(1, gen_ties)`, `${f}(7, gen_ties)`, `${f} by (odd) (5, gen_ties)`, `${f}(20, gen_ties)`, `${f}(6, gen_ties offset 5m)`, `${f}(5, changes(gen_ties[3m]))`, `${f}(4, resets(gen_calls_total[10m]))`, `${f}(9, -gen_ties)`]),
  'count_values("v", gen_state)', 'count_values by (service) ("v", gen_state)', 'count_values without (service) ("v", gen_state)', 'count_values("service", gen_state)',
  ...ARITHMETIC.flatMap((o) => [`gen_load ${o} 3`, `3 ${o} gen_load`, `gen_load ${o} on (service) group_left gen_limit`, `gen_limit ${o} on (service) group_right gen_load`, `gen_load ${o} gen_load`, `gen_load ${o} ignoring (zone) group_left gen_limit`]),
  ...COMPARE.flatMap((o) => [`gen_load ${o} 3`, `3 ${o} gen_load`, `gen_load ${o} bool 3`, `gen_load ${o} on (service) group_left gen_limit`, `gen_load ${o} bool on (service) group_left gen_limit`, `gen_limit ${o} on (service) gen_state`, `gen_limit ${o} gen_state`]),
  ...SETS.flatMap((o) => [`gen_load ${o} on (service) gen_limit`, `gen_load{zone="a"} ${o} gen_load`, `gen_load ${o} ignoring (zone) gen_limit`, `gen_load > 0 ${o} gen_load < 20`]),
  'gen_load * on (service) group_left (version, Team) gen_info', 'gen_load * on (service) group_left (nothing) gen_info', 'gen_limit * on (service) group_left (zone) gen_load',
  'gen_load + on (service) gen_limit', 'gen_limit + on (service) gen_load', 'gen_load + on () gen_limit', 'sum(gen_load) / on () count(gen_load)', '-gen_load', '-(gen_load > 0)', '+gen_load',
  'histogram_quantile(0.9, gen_duration_seconds_bucket)', 'histogram_quantile(0.5, rate(gen_duration_seconds_bucket[5m]))', 'histogram_quantile(0.99, sum by (le) (rate(gen_duration_seconds_bucket[5m])))',
  'histogram_quantile(1.5, gen_duration_seconds_bucket)', 'histogram_quantile(NaN, gen_duration_seconds_bucket)', 'histogram_quantile(0, gen_duration_seconds_bucket)', 'histogram_quantile(0.5, gen_load)', 'histogram_quantile(0.5, gen_duration_seconds_bucket * NaN)', 'histogram_quantile(0.5, clamp_max(gen_duration_seconds_bucket, 3) / (gen_duration_seconds_bucket != 5))', 'histogram_quantile(0.5, gen_duration_seconds_bucket{le!="2.5"} or gen_duration_seconds_bucket * NaN)', 'histogram_quantile(0.5, -gen_duration_seconds_bucket)', 'histogram_quantile(0.5, {__name__=~"gen_.*",le!=""} or label_replace(gen_duration_seconds_bucket, "__name__", "other", "le", ".*"))', 'histogram_quantile(0.5, gen_duration_seconds_bucket{le!="+Inf"})',
  'label_replace(gen_load, "new", "$1-x", "service", "(.*)")', 'label_replace(gen_load, "service", "", "service", ".*")', 'label_replace(gen_load, "new", "${1}$2$$", "service", "(.)(.*)")', 'label_replace(gen_load, "new", "$name", "service", "(?P<name>a).*")',
  'label_replace(gen_load, "a-b", "x", "service", ".*")', 'label_replace(gen_load, "x", "y", "service", "(")', 'label_join(gen_load, "new", "/", "service", "zone")', 'label_join(gen_load, "new", "/")', 'label_join(gen_load, "service", "")', 'label_join(gen_load, "a-b", "/", "zone")',
  'sort(gen_queue)', 'sort_desc(gen_queue)', 'rate({__name__=~"gen_load|gen_limit"}[5m])', 'abs({__name__=~"gen_.*",service="api"})', '-{__name__=~"gen_.*",service="api"}', 'sum({__name__=~"gen_.*"})', 'sum by (__name__) ({__name__=~"gen_.*"})',
  'max_over_time(rate(gen_calls_total[1m])[10m:30s])', 'avg_over_time(sum(gen_load)[5m:] offset 2m)', 'sum_over_time(gen_load[5m:7s] @ end())', 'min_over_time((gen_load > 0)[5m:1m])',
  // Far and long.
  'gen_load offset 1h', 'gen_load offset -1h', 'avg_over_time(gen_load[1d])', 'rate(gen_calls_total[1w] offset -1h)', 'count_over_time(gen_load[10y])', 'gen_load offset 290y', 'gen_load offset -290y',
  'gen_load @ 0', 'gen_load @ -1e9', 'gen_load @ 1e12', 'rate(gen_calls_total[30m] @ end() offset 20m)', 'sum_over_time(gen_load[1h] @ start() offset -1h)', 'max_over_time(gen_load[200y])', 'absent_over_time(gen_load[1s] offset 1y)',
  // Subqueries within subqueries.
  'max_over_time(min_over_time(avg_over_time(gen_load[2m])[5m:30s])[10m:1m])', 'sum_over_time(count_over_time(gen_load[1m] offset 2m)[10m:45s] offset 3m)', 'avg_over_time((gen_load @ end())[5m:1m])', 'sum_over_time(rate(gen_calls_total[2m])[20m:1m] @ end())[10m:2m]',
  'last_over_time(sum by (service) (gen_load)[1h:] offset 10m)', 'increase(sum by (code) (gen_calls_total)[10m:15s])', 'rate((gen_calls_total > 100)[10m:1m])', 'sum_over_time(time()[5m:1m])', 'sum_over_time(vector(time())[5m:1m])', 'deriv(timestamp(gen_load)[5m:1m])',
  // Comparisons of NaN and infinities, bool, include.
  'gen_load == NaN', 'gen_load != NaN', 'gen_load != bool NaN', 'gen_load == gen_load', 'gen_load != bool gen_load', 'gen_load < Inf', 'gen_load > bool -Inf', 'NaN == bool NaN', 'Inf == bool Inf', 'gen_load / 0', 'gen_load % 0', 'NaN < bool 1', '(gen_load / 0) > bool 0', '(gen_load * 0) == bool 0',
  'gen_info * on (service) group_right (version) gen_load', 'gen_info * on (service) group_right (version, Team) gen_load', 'gen_limit < bool on (service) group_right (zone) gen_load', 'gen_limit == on (service) group_right () gen_load', 'gen_info and on (service) gen_load > 0', 'gen_load * on (service) group_left (job) gen_info',
  'gen_load * on (service, job) group_left (version) gen_info', 'gen_load > on (service) group_left (version) gen_info', 'gen_load + ignoring (zone, version, Team) group_left (version) gen_info', 'gen_queue * ignoring (queue) gen_queue', 'gen_load - on (service, zone) gen_load', 'gen_load unless on () gen_limit', 'gen_load or on (service) gen_limit',
  // Order and choice where NaN is.
  'sort(gen_load)', 'sort_desc(gen_load)', 'sort(gen_load) > 0', 'sum(sort(gen_load))', 'topk(2, gen_load) > 0', 'topk(time() % 7, gen_queue)', 'bottomk by (service) (1, gen_load)', 'quantile(0.9, gen_load) + quantile(0.1, gen_load)', 'max(gen_load) - min(gen_load)', 'quantile_over_time(0, gen_load[10m])', 'quantile_over_time(NaN, gen_load[5m])', 'topk(5, -gen_queue)', 'topk(3.9, gen_queue)', 'topk(-1, gen_queue)', 'bottomk(0.5, gen_queue)',
  // Numbers, strings and words in other dress.
  '0x10', '010', '1e3', '.5', '5.', 'iNf', 'nAn', '"a\\tb\\u00e4"', "'single'", '`raw\\n`', 'SUM BY (service) (gen_load)', 'gen_load AND gen_load', 'gen_load OFFSET 5m', 'gen_load{service="api",}', 'sum by (service,) (gen_load)', 'gen_load # a comment', 'sum(gen_load) by ()', 'sum without () (gen_load)', '1 - -1', '-1 ^ 2', '2 ^ -1', '- - 1', '1 + 2 > bool 2 * 1',
  'clamp(gen_load, NaN, 5)', 'clamp_max(gen_load, NaN)', 'round(gen_load, 0)', 'round(gen_load, -2)', 'round(gen_load, NaN)', 'vector(NaN)', 'scalar(vector(1) or vector(2))', 'scalar(sum(gen_load) > 1e9)', 'absent(gen_load{service="x",service="y"})', 'absent(gen_nothing{service=~"x"} or gen_load{service="nobody"})',
  // Errors.
  'gen_load[293y]', 'gen_load offset 293y', 'gen_load @ Inf', 'gen_load @ NaN', 'gen_load[5m:0s]', 'gen_load[-5m]', 'topk(Inf, gen_load)', 'sum by (service) without (zone) (gen_load)', 'gen_load + on (service) group_left (zone) group_right gen_limit', 'gen_load * group_left gen_limit', '1 and 2', '"a" == "b"', 'sum_over_time(gen_load)', 'sum(gen_load[5m])', 'gen_load{a=1}', '{__name__=""}', 'gen_load{__name__="x"}', 'gen_load[5m] offset', '@ 1', 'offset 5m', 'rate(gen_load[5m:1m:1m])', 'sum()', 'vector(gen_load)', 'scalar(1)', 'time(1)', 'hour(1)', 'pi() + "x"', '1 bool + 2', '!gen_load', 'gen_load{service="api"', '"open', 'gen_load{service=~"*"}', 'gen_load ==', '((gen_load)', 'gen-load-x(', '1e', '0x', '08', '1_000', '5m', 'gen_load[5]', 'label_join(gen_load)', 'sort_by(gen_load)', 'quantile("a", gen_load)', 'count_values(1, gen_load)', 'holt_winters(gen_load[5m], 0.5, 0)',
  'gen_load +', 'gen_load{', 'rate(gen_load)', 'sum(1)', 'foo(gen_load)', 'gen_load and 1', '1 == 1', 'gen_load[5m] + 1', '{}', '{a=~".*"}', 'gen_load[0s]', 'topk(gen_load)', 'gen_load offset', 'a[5m][5m]', 'gen_load @', 'holt_winters(gen_load[5m], 2, 0.5)', 'count_values("a-b", gen_state)', 'topk(NaN, gen_load)',
  'gen_load + bool 1', 'gen_load and on (a) group_left gen_limit', 'gen_load * on (service) group_left (service) gen_limit', 'up{a=~"("}', '"a" + 1', 'sum by (a b) (gen_load)', 'label_replace(gen_load, "a", "b")', '1 + ', ')', 'gen_load{a="b"', "gen_load{a='b\\q'}", '5x', 'gen_load offset 5m offset 5m',
];

const METRICS = ['gen_calls_total', 'gen_load', 'gen_limit', 'gen_info', 'gen_state', 'gen_queue', 'gen_duration_seconds_bucket'];
const LABELS = ['service', 'zone', 'code', 'queue', 'odd', 'le', 'version', 'nothing'];
const MATCHERS = ['', '', '', '{service="api"}', '{service=~"a.*|db"}', '{zone!="a"}', '{service!~"w.."}', '{odd="yes"}', '{code=~"5.."}'];
const DURATIONS = ['30s', '1m', '90s', '3m', '5m', '11m'];

// Text with expressions in it: the parts of q`sum(${kid})`. A difference is made smaller by taking them away.
class Expression {
  constructor(texts, kids) {
    this.texts = texts;
    this.kids = kids;
  }

  toString() {
    return this.texts[0] + this.kids.map((kid, i) => kid + this.texts[i + 1]).join('');
  }

  // A kid in place of the whole, and the whole with a smaller kid.
  *smaller() {
    for (const kid of this.kids) yield kid;
    for (const [i, kid] of this.kids.entries())
      for (const less of kid.smaller()) yield new Expression(this.texts, this.kids.map((other, k) => (k === i ? less : other)));
  }
}

function q(texts, ...values) {
  const all = [texts[0]], kids = [];
  values.forEach((value, i) => {
    if (value instanceof Expression) kids.push(value), all.push(texts[i + 1]);
    else all[all.length - 1] += value + texts[i + 1];
  });
  return new Expression(all, kids);
}

// The smallest part of the expression that still `differs`.
export async function shrink(expression, differs) {
  for (const less of expression.smaller()) if (await differs(String(less))) return shrink(less, differs);
  return expression;
}

// A generator of expressions; `random` gives numbers in [0, 1).
export class Grammar {
  constructor(random) {
    this.random = random;
  }

  pick(list) {
    return list[Math.floor(this.random() * list.length)];
  }

  names() {
    return `(${LABELS.filter(() => this.random() < 0.25).join(', ')})`;
  }

  when() {
    const r = this.random();
    return r < 0.8 ? '' : r < 0.9 ? ` offset ${this.pick(['1m', '7m', '-2m'])}` : this.pick([' @ end()', ' @ start() offset 1m']);
  }

  selector() {
    return q`${this.pick(METRICS)}${this.pick(MATCHERS)}`;
  }

  range(depth) {
    if (depth > 0 && this.random() < 0.2) return q`(${this.vector(depth - 1)})[${this.pick(['2m', '5m'])}:${this.pick(['', '20s', '1m'])}]${this.when()}`;
    return q`${this.selector()}[${this.pick(DURATIONS)}]${this.when()}`;
  }

  scalar(depth) {
    return this.pick([() => this.pick(['0', '1', '2.5', '-3', '1e3', 'NaN', 'Inf']), () => 'time()', () => q`scalar(${this.vector(Math.max(0, depth - 1))})`])();
  }

  // Series of the store, in whose order they are met: of other expressions' equals Prometheus takes any.
  ranked() {
    const group = this.pick(['', ` by ${this.names()} `, ` without ${this.names()} `]);
    const series = this.pick([() => this.selector(), () => q`gen_ties${this.pick(MATCHERS)}`, () => q`${this.pick(EXACT)}(gen_ties[${this.pick(DURATIONS)}])`, () => q`${this.pick(EXACT)}(${this.range(0)})`])();
    return q`${this.pick(['topk', 'bottomk'])}${group}(${this.pick(['1', '2', '3', '6'])}, ${series})`;
  }

  aggregate(depth) {
    const group = this.pick(['', ` by ${this.names()} `, ` without ${this.names()} `]);
    const op = this.pick([...PLAIN, 'quantile']);
    return q`${op}${group}(${op === 'quantile' ? '0.7, ' : ''}${this.vector(depth - 1)})`;
  }

  binary(depth) {
    const left = q`(${this.vector(depth - 1)})`, op = this.pick([...ARITHMETIC, ...COMPARE, ...SETS]);
    const matching = this.pick(['', ` on ${this.names()}`, ` ignoring ${this.names()}`]);
    if (SETS.includes(op)) return q`${left} ${op}${matching} (${this.vector(depth - 1)})`;
    const bool = COMPARE.includes(op) && this.random() < 0.3 ? ' bool' : '';
    if (this.random() < 0.4) return this.random() < 0.5 ? q`${left} ${op}${bool} ${this.scalar(depth)}` : q`${this.scalar(depth)} ${op}${bool} ${left}`;
    const group = matching && this.random() < 0.6 ? this.pick([' group_left', ' group_right', ' group_left (version)']) : '';
    return q`${left} ${op}${bool}${matching}${group} (${this.vector(depth - 1)})`;
  }

  call(depth) {
    return this.pick([
      () => q`${this.pick(RANGE)}(${this.range(depth - 1)})`, () => q`${this.pick(RANGE)}(${this.range(depth - 1)})`,
      () => q`${this.pick(VALUE)}(${this.vector(depth - 1)})`, // With @ and a parameter that changes Prometheus 2.42 moves the window along; ours stays where @ says.
      () => q`quantile_over_time(${this.pick(['0', '0.3', '0.95', '2'])}, ${this.range(depth - 1)})`,
      () => q`clamp_min(${this.vector(depth - 1)}, ${this.scalar(0)})`, () => q`histogram_quantile(0.8, ${this.vector(depth - 1)})`,
      () => q`absent(${this.vector(depth - 1)})`, () => q`timestamp(${this.vector(depth - 1)})`, () => q`vector(${this.scalar(depth)})`,
      () => q`label_replace(${this.vector(depth - 1)}, "${this.pick(['service', 'dst'])}", "$1", "${this.pick(LABELS)}", "(.).*")`,
      // What the calendar makes of times that are none is Go's own.
      () => q`${this.pick(TIME)}((${this.vector(depth - 1)}) > -1e9 < 1e10)`,
    ])();
  }

  vector(depth) {
    if (depth <= 0) return q`${this.selector()}${this.when()}`;
    return this.pick([() => this.selector(), () => this.call(depth), () => this.call(depth), () => this.aggregate(depth), () => this.aggregate(depth), () => this.binary(depth), () => this.ranked(), () => q`-(${this.vector(depth - 1)})`])();
  }
}
