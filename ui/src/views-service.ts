// Of the documents of docs/formats/views.md what a service alone has, as types.
import type { BreakerCounts, BreakerState, BudgetKind, Evidence, Health, Severity, Values } from './views';

export interface Exhaustion {
  in_s: number;
  low_s: number | null;
  high_s: number | null; // null: possibly never
  confidence: number | null;
  limit: string;
}

// One kind of a service's budget; its unit is retries, of failure tokens tokens.
export interface KindOfBudget {
  kind: BudgetKind;
  modelled: boolean;
  utilization_percent: number | null;
  low_percent: number | null;
  high_percent: number | null;
  remaining: number | null;
  limit: number | null;
  exhaustion: Exhaustion | null;
  exhaustion_reason: string | null;
}

// Each value is of the step that ends at its place; the last one at end_ms.
export interface History {
  period_s: number;
  step_s: number;
  end_ms: number;
  stored: boolean;
  calls: Values;
  errors: Values;
  retries: Values;
  retries_denied: Values;
  retry_limit: Values;
  utilization_percent: Values;
  success_ratio: Values;
  attempt_success_ratio: Values;
  first_attempt_success_ratio: Values;
  latency_p50_s: Values;
  latency_p95_s: Values;
  latency_p99_s: Values;
}

// Who is at the other end of a dependency, and what goes along it.
export interface Neighbour {
  service: string;
  known: boolean;
  health: Health;
  severity: Severity;
  reason: string | null;
  evidence: Evidence;
  calls_per_s: number | null;
  errors_per_s: number | null;
  success_ratio: number | null;
  retries_per_s: number | null;
  attempts_per_call: number | null;
  modelled: boolean;
  declared: boolean;
  closes_circle: boolean;
  breakers: BreakerCounts & { worst: BreakerState | null };
}

// Of the instances that tell of themselves; the rest of the total has not said how it is.
export interface InstanceCounts {
  total: number;
  healthy: number;
  degraded: number;
  unhealthy: number;
  silent: number;
}
