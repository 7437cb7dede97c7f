// The documents of docs/formats/storage.md, made up: states that a live store cannot show on demand.
import { HOSTILE_NAMES, START_MS } from './scenes.mjs';

const DAY_MS = 86_400_000;
const iso = (ms) => new Date(ms).toISOString();
const GB = 1e9;

function block(level, minMs, maxMs, samples, changes = {}) {
  const bytes = Math.round(samples * 0.93);
  return { name: `${iso(minMs).slice(0, 10)}-${level}-${Math.round(minMs / 60_000).toString(16)}.block`, level, min: iso(minMs), max: iso(maxMs), min_ms: minMs, max_ms: maxMs,
    series: 48_120, samples, bytes, bytes_per_sample: samples ? 0.93 : null, damaged: false, ...changes };
}

// A merged block for each day behind today, and today's seals.
export function days(n, nowMs = START_MS) {
  const today = Math.floor(nowMs / DAY_MS) * DAY_MS;
  const merged = Array.from({ length: n }, (_, i) => block(i === n - 1 ? 1 : 2, today - (n - i) * DAY_MS, today - (n - i - 1) * DAY_MS - 1000, 92_000_000));
  const seals = [];
  for (let t = today; t + 1_800_000 < nowMs - 600_000; t += 1_800_000) seals.push(block(0, t, t + 1_799_000, 1_900_000));
  return [...merged, ...seals];
}

function documentOf(nowMs, changes = {}) {
  const blocks = changes.blocks ?? days(12, nowMs);
  const bytes = blocks.reduce((sum, b) => sum + b.bytes, 0);
  const samples = blocks.reduce((sum, b) => sum + b.samples, 0);
  return {
    timestamp: iso(nowMs), now_ms: nowMs,
    sentence: { text: '12 days of 48,120 series in 1.0 GB; 0.93 bytes per sample; nothing is damaged', detail: 'Kept for 15 days · last seal 11 min ago · 396 GB of 494 GB free on the disk', severity: 'ok', since: null, links: [] },
    memory: { budget_bytes: 2 * GB, used_bytes: 65e6, used: { index: 21e6, head: 34e6, ingest: 1.2e6, query: 8e6, stream: 0.4e6 }, refused: { index: 0, head: 0, ingest: 0, query: 0, stream: 0 } },
    head: { series: 48_120, created: 51_002, evicted: 2_882, refused: 0, chunks: 96_240, unsealed_samples: 712_000, late: 44 },
    log: { rows: 1_322, bytes: 4_100_000 },
    events: { count: 184_000, rows: 912, bytes: 3_900_000 },
    disk: { blocks: blocks.length, bytes, samples, bytes_per_sample: samples ? bytes / samples : null, free_bytes: 396 * GB, total_bytes: 494 * GB },
    samples: { appended: 9_120_442, late: 44, duplicate: 0, out_of_order: 0, too_old: 0, future: 0, orphaned: 0 },
    commits: { count: 40_000, failures: 0, last_duration_ms: 3.1 },
    seals: { count: 24, failures: 0, last_at: iso(nowMs - 667_000), last_duration_ms: 340.5 },
    merges: { count: 3, failures: 0 },
    retention: { time_ms: 15 * DAY_MS, bytes: 0, clock_behind_ms: 0, blocks_dropped: 0 },
    range: { min: blocks.length ? blocks[0].min : iso(nowMs - 700_000), max: iso(nowMs - 300) },
    damaged: 0, damages: [], notices: [],
    ...changes, blocks,
  };
}

const sentence = (text, severity, more = {}) => ({ text, severity, detail: null, since: null, links: [], ...more });

const hurt = (blocks, ...places) => blocks.map((b, i) => (places.includes(i) ? { ...b, damaged: true } : b));

const LONG_PATH = `blocks/${'2026-11-12-settlement-orchestrator-'.repeat(2)}0001.block`;

export const STORAGE_SCENES = {
  usual: (nowMs) => documentOf(nowMs),
  young: (nowMs) => documentOf(nowMs, { blocks: [], events: { count: 0, rows: 0, bytes: 0 }, seals: { count: 0, failures: 0, last_at: null, last_duration_ms: 0 },
    sentence: sentence('11 min of 1,204 series in 4.1 MB; nothing is damaged', 'ok', { detail: 'Kept for 15 days · 396 GB of 494 GB free on the disk' }) }),
  empty: (nowMs) => documentOf(nowMs, { blocks: [], range: { min: null, max: null }, events: { count: 0, rows: 0, bytes: 0 }, log: { rows: 0, bytes: 4096 },
    head: { series: 0, created: 0, evicted: 0, refused: 0, chunks: 0, unsealed_samples: 0, late: 0 },
    memory: { budget_bytes: null, used_bytes: 12_000, used: { index: 12_000, head: 0, ingest: 0, query: 0, stream: 0 }, refused: {} },
    sentence: sentence('Nothing is stored yet', 'unknown', { detail: 'Kept for ever' }) }),
  years: (nowMs) => documentOf(nowMs, { blocks: hurt(days(400, nowMs), 40, 41, 390), damaged: 3,
    sentence: sentence('3 places in the stored data are damaged; all the rest is served', 'critical', { detail: 'blocks/2025-11-25-2-1a.block at offset 40960: a page’s checksum is wrong', since: iso(nowMs - 400_000) }),
    damages: [40, 41, 390].map((i) => ({ path: `blocks/${days(400, nowMs)[i].name}`, offset: 40_960 * i, what: 'a page’s checksum is wrong', found_at: iso(nowMs - 400_000 - i * DAY_MS) })) }),
  trouble: (nowMs) => documentOf(nowMs, {
    blocks: [block(0, 0, 3_600_000, 12, { series: 1, bytes: 900, bytes_per_sample: 75 }), ...hurt(days(12, nowMs), 3)],
    sentence: sentence('The memory budget is used up: new series are refused, known ones go on', 'warning', { detail: '56 years of 1,048,576 series in 1.1 GB · kept for ever, in at most 500 GB · 3 seals have failed' }),
    memory: { budget_bytes: 256e6, used_bytes: 261e6, used: { index: 120e6, head: 96e6, ingest: 22e6, query: 18e6, stream: 5e6 }, refused: { index: 118_204, head: 0, ingest: 12, query: 3, stream: 0 } },
    head: { series: 1_048_576, created: 1_200_000, evicted: 33_220, refused: 118_204, chunks: 2_000_000, unsealed_samples: 16_000_000, late: 120_334 },
    disk: { blocks: 17, bytes: 1.1 * GB, samples: 1.18e9, bytes_per_sample: 0.93, free_bytes: 11 * GB, total_bytes: 494 * GB },
    samples: { appended: 9_120_442, late: 120_334, duplicate: 4_412, out_of_order: 31, too_old: 7, future: 1_200_000, orphaned: 2 },
    seals: { count: 3, failures: 3, last_at: iso(nowMs - 5_400_000), last_duration_ms: 48_200 },
    retention: { time_ms: 0, bytes: 500 * GB, clock_behind_ms: 7_200_000, blocks_dropped: 4 },
    damaged: 104, damages: Array.from({ length: 100 }, (_, i) => ({ path: i === 1 ? LONG_PATH : i === 2 ? HOSTILE_NAMES[0] : `blocks/${iso(nowMs - i * DAY_MS).slice(0, 10)}-1.block`,
      offset: 4096 * i, what: i === 2 ? HOSTILE_NAMES[3] : 'a page’s checksum is wrong', found_at: iso(nowMs - i * 60_000) })) }),
};
export const STORAGE_SCENE_NAMES = Object.keys(STORAGE_SCENES);

const METRICS = ['http_server_request_duration_seconds_bucket', 'haproxy_server_http_responses_total', 'node_cpu_seconds_total', 'container_network_receive_bytes_total',
  'payment_authorisation_and_settlement_orchestrator_latency_bucket_eu', 'up', 'process_resident_memory_bytes', 'go_gc_duration_seconds', 'haproxy_backend_status', 'retry_budget_utilization_percent'];

const top = (names, first, total, more = () => ({})) => ({
  total, items: names.map((name, i) => ({ name, count: Math.max(1, Math.round(first / (1 + i * i * 0.4))), ...more(name, i) })) });

export function cardinalityDocument(scene) {
  const none = { total: 0, items: [] };
  if (scene === 'empty') return { timestamp: iso(START_MS), top: 100, series: 0, by_metric: none, by_label: none, by_pair: none, by_job: none, by_instance: none };
  const odd = scene === 'trouble';
  const metrics = odd ? [...HOSTILE_NAMES, ...METRICS, ...Array.from({ length: 80 }, (_, i) => `metric_${i}`)] : METRICS;
  return {
    timestamp: iso(START_MS), top: 100, series: odd ? 1_048_576 : 48_120,
    by_metric: top(metrics, odd ? 400_000 : 18_400, odd ? 4_021 : 212),
    by_label: top(['path', 'instance', 'le', 'server', 'code', 'job', '__name__'], odd ? 900_000 : 4_021, 31, (_, i) => ({ bytes: 96_000 >> i })),
    by_pair: top(['env', 'zone', 'le', 'code', 'method', 'proxy', 'mode', 'cpu', 'device'], odd ? 1_048_576 : 44_000, 9_000, (name, i) => ({ value: odd && i === 1 ? HOSTILE_NAMES[0] : `${name}-value-${i}` })),
    by_job: top(['haproxy', 'node', 'payments', 'fusebox'], odd ? 700_000 : 30_000, 4),
    by_instance: top(odd ? [`[2001:db8:85a3::8a2e:370:7334]:${'9'.repeat(40)}`, ...Array.from({ length: 60 }, (_, i) => `10.0.${i}.7:9100`)] : ['10.0.0.7:9100', '10.0.0.8:9100', '127.0.0.1:8405'], odd ? 60_000 : 16_000, odd ? 500 : 3),
  };
}

export const storageDocument = (scene, nowMs) => STORAGE_SCENES[scene](nowMs);
