// The reference documents' own names, by prom-client: S1 with endpoints and outcomes, S2 with names, states and results.
import client from 'prom-client';
import { asAttempts, asCalls } from './model.mjs';

const NUMBERS = { closed: 0, half_open: 1, open: 2 };

class Exporter {
  registry = new client.Registry();

  constructor(labels, results) {
    const registers = [this.registry];
    const gauge = (name) => new client.Gauge({ name: `circuit_breaker_${name}`, help: name, labelNames: Object.keys(labels), registers });
    this.labels = labels;
    this.results = results;
    this.state = gauge('state');
    this.inARow = gauge(results === 'outcome' ? 'failures_current' : 'consecutive_failures');
    this.requests = new client.Counter({ name: 'circuit_breaker_requests_total', help: 'requests', labelNames: [...Object.keys(labels), 'state', results], registers });
  }

  text(m) {
    const extra = this.results === 'result' ? { state: m.state } : {};
    const add = (result, count) => this.requests.inc({ ...this.labels, ...extra, [this.results]: result }, count);
    const told = { success: m.now.ok, failure: m.brokenAttempts, blocked: m.now.refused };
    for (const [result, count] of Object.entries(told)) add(result, count - (this.told?.[result] ?? 0));
    this.told = told;
    this.state.set(this.labels, NUMBERS[m.state]);
    this.inARow.set(this.labels, m.inARow);
    return this.registry.metrics();
  }
}

function reference(job, labels, results) {
  let exporter, process;
  return {
    job, service: labels.service, breaker: labels.name ?? labels.service, endpoint: labels.endpoint ?? '',
    text: (m) => {
      if (process !== m.now) [process, exporter] = [m.now, new Exporter(labels, results)];
      return exporter.text(m);
    },
    // Without a counter of calls those of the breaker stand in: each attempt is one.
    tells: (seen) => ({ calls: asCalls(seen).calls + seen.retries, errors: asCalls(seen).errors + seen.retries, retries: null, ...asAttempts(seen) }),
    inARow: true,
  };
}

export const python = reference('python', { service: 'py-auth', endpoint: '/login' }, 'outcome');
export const library = reference('library', { service: 'lib-auth', name: 'user-client' }, 'result');
