// Prometheus' API, made up: what a query is told goes by its text.
//
//   const { status, headers, body } = queryAnswer('query_range', params, nowMs)
import { HOSTILE_NAMES } from './scenes.mjs';

export const METRICS = ['checkout_calls_total', 'checkout_latency_seconds_bucket', 'up', 'process_resident_memory_bytes', HOSTILE_NAMES[0]];
const METADATA = { checkout_calls: [{ type: 'counter', help: 'Calls that were <b>begun</b>', unit: '' }], up: [{ type: 'gauge', help: 'Whether the target answered', unit: '' }] };
const GAP = [0.4, 0.55]; // of the range: nothing was heard

const refuse = (status, errorType, error, headers = {}) => ({ status, headers, body: { status: 'error', errorType, error } });
const success = (data) => ({ status: 200, body: { status: 'success', data } });

const few = [
  { __name__: 'checkout_calls_total', job: 'shop', instance: '10.0.0.7:9100', code: '200' },
  { __name__: 'checkout_calls_total', job: 'shop', instance: '10.0.0.8:9100', code: '200' },
  { __name__: 'checkout_calls_total', job: 'shop', instance: '10.0.0.8:9100', code: '503' },
];
const many = Array.from({ length: 1000 }, (_, i) => ({ __name__: 'node_cpu_seconds_total', job: 'node', instance: `host-${String(i).padStart(4, '0')}:9100`, mode: 'idle' }));
const hostile = HOSTILE_NAMES.map((name, i) => ({ __name__: name, path: HOSTILE_NAMES[(i + 1) % HOSTILE_NAMES.length], ['<b>label</b>']: `=cmd|'/C calc'!A${i}` }));
const long = Array.from({ length: 4 }, (_, i) => ({ __name__: 'payment_authorisation_and_settlement_orchestrator_latency_seconds_bucket', path: `/very/long/path/without/any/end/${'x'.repeat(120)}/${i}`, job: 'payments' }));

const SERIES = { few, many, hostile, long, one: [{}], gap: few.slice(0, 2), below: few.slice(0, 2), odd: few.slice(0, 3) };

// A curve of its own for each series; the same at the same instant, however it is asked.
function valueAt(kind, i, s, at) {
  if (kind === 'gap' && at > GAP[0] && at < GAP[1]) return null;
  if (kind === 'odd') return ['NaN', '+Inf', '-Inf'][i];
  const wave = Math.sin(s / 300 + i) + 0.4 * Math.sin(s / 71 + 2 * i);
  if (kind === 'below') return String(Number((wave * 5 - 2).toFixed(3)));
  return String(Number((100 * (1 + (i % 20) / 4) + 12 * wave).toFixed(4)));
}

const kindOf = (text) => Object.keys(SERIES).find((name) => new RegExp(`\\b${name}\\b`).test(text)) ?? 'few';

function instant(text, params, nowMs) {
  const s = params.has('time') ? Number(params.get('time')) : nowMs / 1000;
  if (/^\d+$/.test(text)) return success({ resultType: 'scalar', result: [s, text] });
  if (text.startsWith('"')) return success({ resultType: 'string', result: [s, JSON.parse(text)] });
  if (text.includes('fusebox_breaker_state_seconds_total') && text.includes('"orders"'))
    return success({ resultType: 'vector', result: [{ metric: { name: 'orders-1', caller: 'haproxy' }, value: [s, '5400.25'] }, { metric: { name: 'orders-forced', caller: 'haproxy' }, value: [s, '61.9'] }] });
  const kind = kindOf(text);
  if (text.endsWith('[5m]'))
    return success({ resultType: 'matrix', result: SERIES[kind].map((metric, i) => ({ metric, values: Array.from({ length: 20 }, (_, k) => [s - 300 + 15 * k, valueAt(kind, i, s - 300 + 15 * k, 0)]) })) });
  return success({ resultType: 'vector', result: SERIES[kind].map((metric, i) => ({ metric, value: [s, valueAt(kind, i, s, 0)] })) });
}

function range(text, params) {
  const [start, end, step] = ['start', 'end', 'step'].map((name) => Number(params.get(name)));
  if ((end - start) / step > 11_000) return refuse(400, 'bad_data', 'exceeded maximum resolution of 11,000 points per timeseries. Try decreasing the query resolution (?step=XX)');
  if (text.endsWith('[5m]') || text.startsWith('"'))
    return refuse(400, 'bad_data', `invalid parameter "query": invalid expression type "${text.startsWith('"') ? 'string' : 'range vector'}" for range query, must be Scalar or instant Vector`);
  const kind = kindOf(text);
  const steps = Array.from({ length: Math.floor((end - start) / step) + 1 }, (_, k) => start + k * step);
  const result = SERIES[kind].map((metric, i) => ({ metric, values: steps.map((s, k) => [s, valueAt(kind, i, s, k / steps.length)]).filter(([, text]) => text !== null) }));
  return success({ resultType: 'matrix', result });
}

// The errors: of the parser with their place, of the evaluation, of a server that has no time.
function refusalOf(text) {
  if (text.includes('sum(rate(') && !text.includes('))')) return refuse(400, 'bad_data', 'invalid parameter "query": 1:9: parse error: unclosed left parenthesis');
  const at = text.indexOf('fooo(');
  const line = text.slice(0, at).split('\n').length;
  const column = Buffer.byteLength(text.slice(text.lastIndexOf('\n', at) + 1, at)) + 1;
  if (at >= 0) return refuse(400, 'bad_data', `invalid parameter "query": ${line}:${column}: parse error: unknown function with name "fooo"`);
  if (text.includes('too_much')) return refuse(422, 'execution', 'the query needs more than 1073741824 bytes of memory; narrow it, or ask with a longer step');
  if (text.includes('too_slow')) return refuse(503, 'timeout', 'query timed out in expression evaluation');
  if (text.includes('too_busy')) return refuse(503, 'unavailable', 'too many queries wait already; try again in a second', { 'Retry-After': '1' });
  if (text.includes('too_long')) return { status: 413, body: { error: { code: 'limit', message: 'the body is larger than 262144 bytes' } } };
  return null;
}

function values(path, params) {
  const matched = params.get('match[]') ?? '';
  if (path === 'labels') return success(['__name__', 'code', 'instance', 'job']);
  if (path === 'label/__name__/values') return success(METRICS);
  if (path === 'label/code/values') return success(matched.includes('checkout') ? ['200', '503'] : ['200', '404', '503']);
  return success([`${decodeURIComponent(path.split('/')[1])}-value`]);
}

export function queryAnswer(path, params, nowMs) {
  const text = (params.get('query') ?? '').trim();
  if (path === 'metadata') return success(METADATA);
  if (path === 'series') return success(/^checkout_calls_total$|^up/.test(params.get('match[]')) ? [few[0]] : []);
  if (path.startsWith('label')) return values(path, params);
  const refusal = refusalOf(text);
  if (refusal) return refusal;
  if (path === 'format_query') return success(text.replace(/\s+/g, ' ').replace(/\( /g, '(').replace(/ \)/g, ')'));
  if (text.includes('nothing') || text.includes('{code="999"}') || text.endsWith('> 1e9')) return success({ resultType: path === 'query' ? 'vector' : 'matrix', result: [] });
  return path === 'query' ? instant(text, params, nowMs) : range(text, params);
}
