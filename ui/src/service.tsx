// One service: what its callers get, what that costs in retries, and what stands behind it.
import { BreakerList } from './breakers';
import { BudgetCard } from './budget';
import { CallersCard } from './callers';
import { Charts } from './charts';
import { Definition } from './definition';
import { EventsList } from './events-list';
import { cut, visible } from './format';
import { Neighbours } from './neighbours';
import { follow, overviewPath } from './route';
import { refused, serviceDoc } from './state';
import { Failed, Guard, Loading } from './shell';
import { Lead, Name } from './text';

const CRUMB_MAX = 96;
const PART_MAX = 64;

export function Service({ name }: { name: string }) {
  const doc = serviceDoc.value;
  const parts = doc ? [doc.team, doc.environment, doc.source].filter((part): part is string => !!part).map((part) => cut(visible(part), PART_MAX)) : [];
  const crumb = (
    <p class="crumb">
      <a href={overviewPath} onClick={(event) => follow(event, overviewPath)}>All services</a> <span class="m">/</span>{' '}
      <b><Name text={name} max={CRUMB_MAX} /></b> <span class="m">{parts.join(' · ')}</span>
    </p>
  );
  if (!doc) return <>{crumb}{refused.value ? <Failed failure={refused.value} /> : <Loading />}</>;
  const breakers = (doc.breaker_list ?? []).length > 0;
  return (
    <>
      {crumb}
      <Lead sentence={doc.sentence} own={doc.service} />
      <div class={`grid ${breakers ? 'c3' : 'c2'} cards`}>
        <Guard><BudgetCard doc={doc} /></Guard>
        <Guard><CallersCard doc={doc} /></Guard>
        {breakers && <Guard><BreakerList doc={doc} /></Guard>}
      </div>
      <Guard><Charts doc={doc} /></Guard>
      <div class="grid c2 more">
        <Guard><Neighbours title="Depends on" who="Callee" list={doc.callees ?? []} /></Guard>
        <Guard><Neighbours title="Called by" who="Caller" list={doc.callers ?? []} /></Guard>
        <Guard><EventsList service={doc.service} /></Guard>
        <Guard><Definition doc={doc} /></Guard>
      </div>
    </>
  );
}
