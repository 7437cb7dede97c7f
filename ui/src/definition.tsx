// How a service is defined: by the configuration file, through the API, or by what a source tells.
import { useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import { Fact } from './facts';
import { cut, duration, moment, parseTime, visible, visibleLines } from './format';
import { nowMs } from './state';
import type { ServiceDocument } from './views';

interface Defined {
  origin: 'file' | 'api' | 'discovered';
  revision: number;
  changed: string | null;
  definition: unknown;
}

const ORIGIN_WORDS = {
  file: 'the configuration file; it is changed there',
  api: 'the API',
  discovered: 'nobody: found in what a source tells',
};
const NAME_MAX = 64;

async function ask(service: string): Promise<Defined | null> {
  try {
    const response = await fetch(`/api/v1/retry-monitoring/services/${encodeURIComponent(service)}`, { cache: 'no-store' });
    return response.ok ? ((await response.json()) as Defined) : null;
  } catch {
    return null; // the bar on top says that the server is gone
  }
}

const shown = (value: string | null) => (value === null ? <span class="m">not told</span> : <bdi>{cut(visible(value), NAME_MAX)}</bdi>);

export function Definition({ doc }: { doc: ServiceDocument }) {
  const defined = useSignal<Defined | null>(null);
  useEffect(() => {
    void ask(doc.service).then((answer) => (defined.value = answer));
  }, [doc.service]);
  const of = defined.value;
  const changed = of && parseTime(of.changed);
  return (
    <section class="card in definition" aria-labelledby="definition-title">
      <h2 id="definition-title">How it is watched</h2>
      <dl class="kv">
        <Fact label="Source">{shown(doc.source)}</Fact>
        <Fact label="Resolution">{doc.resolution_s === null ? <span class="m">not known yet</span> : `a reading every ${duration(doc.resolution_s)}`}</Fact>
        <Fact label="Team">{shown(doc.team)}</Fact>
        <Fact label="Environment">{shown(doc.environment)}</Fact>
        {of && <Fact label="Defined by">{ORIGIN_WORDS[of.origin] ?? visible(of.origin)}</Fact>}
        {of?.origin === 'api' && <Fact label="Changed">{changed === null ? '' : `${moment(changed, nowMs.value)}, `}revision {of.revision}</Fact>}
      </dl>
      {of?.definition !== null && of?.definition !== undefined && (
        <details class="numbers">
          <summary>Its definition{of.origin === 'file' ? ', waiting behind the file' : ''}</summary>
          <pre>{visibleLines(JSON.stringify(of.definition, null, 2))}</pre>
        </details>
      )}
    </section>
  );
}
