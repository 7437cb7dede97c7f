// The periods that were shown before, step by step. Pure.
import { RANGE_DEFAULT_S, type Period } from './period';

const STEPS_MAX = 32;

export const same = (a: Period, b: Period): boolean => a.rangeS === b.rangeS && a.endMs === b.endMs;

// The periods before, newest last. One that is shown already is no step.
export class Steps {
  private before: Period[] = [];

  add(left: Period): void {
    this.before = [...this.before, left].slice(-STEPS_MAX);
  }

  take(now: Period): Period | null {
    for (let last = this.before.pop(); last; last = this.before.pop()) if (!same(last, now)) return last;
    return now.endMs === null ? null : { rangeS: RANGE_DEFAULT_S, endMs: null };
  }
}
