// Who stands behind a service and who calls it: two tables of dependencies, worst first.
import { useSignal } from '@preact/signals';
import { plural, rateText, successText, visible } from './format';
import { BREAKER_WORDS, BreakerGlyph, Glyph, WORDS, breakerTone, rowGlyph, toneOf } from './glyphs';
import { factorText, multiplies } from './map-graph';
import { Name, ServiceLink } from './text';
import type { Neighbour } from './views-service';

const FEW = 8;

function Success({ of }: { of: Neighbour }) {
  if (of.evidence === 'ok' && of.success_ratio !== null) {
    const bad = of.health === 'unhealthy' || of.health === 'degraded';
    return <span class={bad ? `c-${toneOf(of.severity)} b` : ''}>{successText(of.success_ratio)}</span>;
  }
  const why = of.evidence === 'ok' ? 'no calls' : of.evidence === 'unknown' ? 'not told' : WORDS[of.evidence];
  return <span class="m">{why}</span>;
}

function Breakers({ of: { breakers } }: { of: Neighbour }) {
  if (breakers.total === 0 || breakers.worst === null) return <span class="m">none</span>;
  const calm = breakers.worst === 'closed' || breakers.worst === 'disabled';
  const k = breakers.worst === 'half_open' && breakers.open === 0 ? breakers.half_open : breakers.open;
  return (
    <span class={`rc ${calm ? 'm' : `c-${breakerTone(breakers.worst)} b`}`} title={`worst: ${BREAKER_WORDS[breakers.worst]}`}>
      <BreakerGlyph state={breakers.worst} /> {breakers.worst === 'unknown' ? '?' : k}/{breakers.total}
    </span>
  );
}

function Row({ of }: { of: Neighbour }) {
  const told = of.calls_per_s !== null;
  return (
    <tr class={of.known && of.severity === 'critical' ? 'bad' : ''}>
      <td>
        <span class="rc who" title={of.reason === null ? undefined : visible(of.reason)}>
          <Glyph kind={of.known ? rowGlyph(of) : 'unknown'} />
          <span class="ell">{of.known ? <ServiceLink service={of.service} /> : <Name text={of.service} />}</span>
        </span>
      </td>
      <td class="rt">{told ? rateText(of.calls_per_s) : <span class="m">not told</span>}</td>
      <td class={`rt ${multiplies(of) ? 'b' : ''}`} title={of.modelled ? 'modelled: the mean of the service over all its callers' : undefined}>
        {of.attempts_per_call === null ? <span class="m">not told</span> : factorText(of.attempts_per_call, of.modelled)}
      </td>
      <td class="rt"><Success of={of} /></td>
      <td><Breakers of={of} /></td>
    </tr>
  );
}

export function Neighbours({ title, who, list }: { title: string; who: string; list: readonly Neighbour[] }) {
  const all = useSignal(false);
  if (list.length === 0) return null;
  const shown = all.value ? list : list.slice(0, FEW);
  const id = `neighbours-${who}`;
  return (
    <section class="card neighbours" aria-labelledby={id}>
      <header><h2 id={id}>{title}</h2><span class="m">{plural(list.length, 'service')}, worst first</span></header>
      <table>
        <thead><tr><th scope="col">{who}</th><th scope="col" class="rt">Calls</th><th scope="col" class="rt">Attempts</th><th scope="col" class="rt">Success</th><th scope="col">Breakers</th></tr></thead>
        <tbody>{shown.map((of) => <Row key={of.service} of={of} />)}</tbody>
      </table>
      {list.length > FEW && <p class="foot"><button class="flat" onClick={() => (all.value = !all.value)}>{all.value ? `Only the worst ${FEW}` : `${list.length - FEW} more`}</button></p>}
    </section>
  );
}
