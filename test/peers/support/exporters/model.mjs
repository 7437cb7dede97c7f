// A program that calls one service through a breaker, with retries: what happened, for an exporter to tell.
//
//   through   attempts that the breaker let through   = ok + failed + retries
//   calls     what the caller asked for               = ok + failed + refused
//
// A retry follows an attempt that failed, so the attempts that failed are failed + retries.
const none = () => ({ ok: 0, failed: 0, retries: 0, denied: 0, refused: 0 });

export class Model {
  seen = none(); // since the test looks at it

  constructor() {
    this.begin();
  }

  // A new process: every counter at 0, the breaker closed.
  begin() {
    this.now = none();
    this.state = 'closed';
    this.entered = { open: 0, half_open: 0, closed: 0 };
    this.held = { closed: 1e9, open: 0, half_open: 0 }; // nanoseconds
    this.inARow = 0;
  }

  traffic(amounts) {
    for (const [what, count] of Object.entries(amounts)) {
      this.now[what] += count;
      this.seen[what] += count;
    }
    if (amounts.failed) this.inARow += amounts.failed;
    if (amounts.ok) this.inARow = 0;
  }

  enter(state) {
    this.state = state;
    this.entered[state]++;
  }

  // Time passes in the present state, as far as an exporter counts it.
  hold() {
    this.held[this.state] += 250e6;
  }

  // What was is the past: nobody looked.
  forgetSeen() {
    this.seen = none();
  }

  get calls() {
    return this.now.ok + this.now.failed + this.now.refused;
  }

  get through() {
    return this.now.ok + this.now.failed + this.now.retries;
  }

  get brokenAttempts() {
    return this.now.failed + this.now.retries;
  }
}

// One line of the exposition format.
export function line(name, labels, value) {
  const inner = Object.entries(labels).map(([key, text]) => `${key}="${text}"`).join(',');
  return `${name}${inner && `{${inner}}`} ${value}\n`;
}

export const family = (name, type) => `# TYPE ${name} ${type}\n`;

// What a caller that counts refused calls as failed tells of its service.
export const asCalls = (seen) => ({ calls: seen.ok + seen.failed + seen.refused, errors: seen.failed + seen.refused });
// What a breaker tells that sees every attempt.
export const asAttempts = (seen) => ({ through: seen.ok + seen.failed + seen.retries, failures: seen.failed + seen.retries, blocked: seen.refused });
