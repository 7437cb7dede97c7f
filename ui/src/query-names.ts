// Names for the editor to complete: of metrics, labels and values, as the server has them. Each question is asked once
// in a while; one that fails gives nothing.
import { labelMatchersToString } from '@prometheus-io/codemirror-promql/dist/esm/parser/matcher';
import type { PrometheusClient } from '@prometheus-io/codemirror-promql';

const API = '/api/v1/';
const NAMES_MAX = '10000';
const FRESH_MS = 60_000;
const KEPT_MAX = 200; // questions

type Metadata = Awaited<ReturnType<PrometheusClient['metricMetadata']>>;
type Matchers = Parameters<PrometheusClient['labelValues']>[2];

export class Names implements PrometheusClient {
  private readonly kept = new Map<string, { mono: number; answer: Promise<unknown> }>();
  private readonly leaving = new AbortController();

  constructor(private readonly periodS: () => [number, number]) {}

  destroy(): void {
    this.leaving.abort();
  }

  metricNames(): Promise<string[]> {
    return this.labelValues('__name__');
  }

  labelNames(metric?: string): Promise<string[]> {
    return this.ask('labels', metric || null, []);
  }

  labelValues(label: string, metric?: string, matchers?: Matchers): Promise<string[]> {
    const match = metric || matchers?.length ? labelMatchersToString(metric ?? '', matchers, label) : null;
    return this.ask(`label/${encodeURIComponent(label)}/values`, match === '{}' ? null : match, []);
  }

  metricMetadata(): Promise<Metadata> {
    return this.ask<Metadata>('metadata', null, {});
  }

  // Of the interface, and asked by nobody here.
  series(): Promise<Map<string, string>[]> {
    return Promise.resolve([]);
  }

  flags(): Promise<Record<string, string>> {
    return Promise.resolve({});
  }

  private ask<T>(path: string, match: string | null, nothing: T): Promise<T> {
    const params = new URLSearchParams({ limit: NAMES_MAX });
    if (match !== null) params.set('match[]', match);
    const key = `${path}?${params}`;
    const mono = performance.now();
    const known = this.kept.get(key);
    if (known && mono - known.mono < FRESH_MS) return known.answer as Promise<T>;
    const answer = this.fetch<T>(path, params).catch(() => {
      this.kept.delete(key);
      return nothing;
    });
    this.kept.set(key, { mono, answer });
    if (this.kept.size > KEPT_MAX) this.kept.delete(this.kept.keys().next().value!);
    return answer;
  }

  private async fetch<T>(path: string, params: URLSearchParams): Promise<T> {
    if (path !== 'metadata') {
      const [start, end] = this.periodS();
      params.set('start', String(start));
      params.set('end', String(end));
    }
    const response = await fetch(`${API}${path}?${params}`, { signal: this.leaving.signal, cache: 'no-store' });
    const { status, data } = await response.json();
    if (status !== 'success') throw new Error(String(response.status));
    return data as T;
  }
}
