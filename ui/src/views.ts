// The documents of docs/formats/views.md, as types. `null` is "not known", never 0.
import type { Exhaustion, History, InstanceCounts, KindOfBudget, Neighbour } from './views-service';

export type Severity = 'ok' | 'info' | 'warning' | 'critical' | 'emergency' | 'unknown';
export type Health = 'healthy' | 'degraded' | 'unhealthy' | 'unknown';
export type Evidence = 'ok' | 'unknown' | 'no_data' | 'stale' | 'too_little';
export type BreakerState = 'closed' | 'half_open' | 'open' | 'disabled' | 'unknown';
export type Values = readonly (number | null)[];

export interface Sentence {
  text: string;
  detail: string | null;
  severity: Severity;
  since: string | null;
  links?: readonly { text: string; service: string }[];
}

export interface BreakerCounts {
  total: number;
  closed: number;
  half_open: number;
  open: number;
  disabled: number;
  unknown: number;
}

export interface Totals {
  services: { total: number; healthy: number; degraded: number; unhealthy: number; unknown: number };
  calls_per_s: number | null;
  errors_per_s: number | null;
  retries_per_s: number | null;
  success_ratio: number | null;
  attempt_success_ratio: number | null;
  retry_ratio: number | null;
  latency_p99_s: number | null;
  breakers: BreakerCounts;
  spark?: { end_ms: number; step_s: number; calls: Values; success: Values; retries: Values; open: Values };
}

export type BudgetKind = 'absolute' | 'ratio' | 'concurrency' | 'failure_tokens' | 'quota' | 'unknown';

// What is reported of a breaker without any rule.
export interface BreakerCondition {
  condition: string;
  severity: Severity;
  since: string | null;
  text: string | null;
}

export interface Budget {
  kind: BudgetKind;
  kinds?: readonly KindOfBudget[];
  modelled: boolean;
  evidence: Evidence;
  utilization_percent: number | null;
  risk: string | null;
  risk_level: number | null;
  warning_threshold_percent: number | null;
  critical_threshold_percent: number | null;
  used_minute: number | null;
  limit_minute: number | null;
  remaining_minute: number | null;
  used_hour: number | null;
  limit_hour: number | null;
  remaining_hour: number | null;
  retry_rate_percent: number | null;
  returning_10s_percent: number | null;
  exhaustion: Exhaustion | null;
  exhaustion_reason?: string | null; // why there is none; not in the rows of an overview
}

export interface Row {
  service: string;
  team: string | null;
  environment: string | null;
  source: string | null;
  health: Health;
  severity: Severity;
  reason: string | null;
  since: string | null;
  caused_by?: string | null;
  victims?: number;
  evidence: Evidence;
  last_data_ms: number | null;
  resolution_s: number | null;
  window_s: number;
  calls_per_s: number | null;
  errors_per_s: number | null;
  retries_per_s: number | null;
  retries_denied_per_s: number | null;
  success_ratio: number | null;
  attempt_success_ratio: number | null;
  first_attempt_success_ratio: number | null;
  latency_p50_s: number | null;
  latency_p95_s: number | null;
  latency_p99_s: number | null;
  response_time_ms: number | null;
  calls_last_minute: number | null;
  budget: Budget;
  slo: {
    success_rate_target_percent: number | null;
    success_rate_compliant: boolean | null;
    response_time_target_ms: number | null;
    response_time_compliant: boolean | null;
  } | null;
  instances?: InstanceCounts | null;
  breakers: BreakerCounts & { worst: BreakerState | null };
  conditions?: readonly (BreakerCondition & { breakers: number })[];
  spark?: {
    end_ms: number;
    step_s: number;
    calls: Values;
    errors: Values;
    retries: Values;
    utilization_percent: Values;
  };
}

export interface Breaker {
  service: string;
  name: string;
  endpoint: string;
  caller: string | null;
  state: BreakerState;
  since: string | null;
  source: string | null;
  evidence: Evidence;
  requests: number | null;
  failures: number | null;
  failure_rate_percent: number | null;
  consecutive_failures: number | null;
  last_failure_time: string | null;
  transitions_total: number | null;
  transitions_15m: number | null;
  last_recovery_s: number | null;
  conditions?: readonly BreakerCondition[];
  forced?: boolean | null;
  instances: BreakerCounts & { worst: BreakerState | null };
  transitions: readonly { time: string; from: BreakerState; to: BreakerState; calls: number | null; errors: number | null }[];
  seconds_in_state: Record<BreakerState, number> | null;
  strip: readonly (readonly [number, BreakerState])[];
}

// A condition of Fusebox itself.
export interface Notice {
  name: string;
  severity: Severity;
  text: string;
  since: string | null;
}

interface Moment {
  seq: number;
  timestamp: string;
  now_ms: number;
  notices?: readonly Notice[];
}

export interface MapNode {
  service: string;
  known: boolean;
  health: Health;
  severity: Severity;
  evidence: Evidence;
  reason: string | null;
  calls_per_s: number | null;
  success_ratio: number | null;
  layer: number;
  amplification: number | null;
  at_least: boolean;
  modelled: boolean;
  worst_path: { amplification: number | null; path: readonly string[] };
  storm_source: string | null;
}

export interface MapEdge {
  caller: string;
  service: string;
  declared: boolean;
  evidence: Evidence;
  calls_per_s: number | null;
  errors_per_s: number | null;
  retries_per_s: number | null;
  attempts_per_call: number | null;
  modelled: boolean;
  closes_circle: boolean;
  last_data_ms: number | null;
}

export interface MapDocument extends Moment {
  epoch: string;
  sentence: Sentence;
  services_without_edges: number;
  truncated: boolean;
  nodes: readonly MapNode[];
  edges: readonly MapEdge[];
  storms: readonly { source: string; retried_by: string; retries_per_s: number | null; amplification: number; path: readonly string[]; services: readonly string[] }[];
}

export interface OverviewDocument extends Moment {
  epoch: string;
  sentence: Sentence;
  totals: Totals;
  services: readonly Row[];
}

// Of many services one thing each: the rows begin with the name, behind which the columns follow.
export interface FrameTable {
  columns: readonly string[];
  rows: readonly (readonly unknown[])[];
}

export interface OverviewUpdate extends Moment {
  sentence?: Sentence;
  totals?: Totals;
  order?: readonly string[];
  services?: readonly Row[];
  figures?: FrameTable;
  steps?: FrameTable;
}

export interface ServiceDocument extends Moment, Row {
  epoch?: string;
  sentence: Sentence;
  history?: History;
  breaker_list?: readonly Breaker[];
  callees?: readonly Neighbour[];
  callers?: readonly Neighbour[];
}
