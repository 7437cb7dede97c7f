// How a query is asked, and what a refusal means: steps, places in the text, words for people. Pure.
import { plural } from './format';

const STEPS_S = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14_400];
const POINTS_WANTED = 400; // of a line: more are not seen apart
const STEP_MAX_S = 86_400;
const UNITS_S: Readonly<Record<string, number>> = { ms: 0.001, s: 1, m: 60, h: 3600, d: 86_400 };

// The step that gives a picture enough points, and never more than the server allows.
export const autoStep = (rangeS: number): number => STEPS_S.find((s) => rangeS / s <= POINTS_WANTED) ?? STEPS_S[STEPS_S.length - 1]!;

// 30s, 5m, 1h30m, or seconds.
export function parseStep(text: string): number | null {
  if (!/^(\d{1,6}(\.\d{1,3})?|(\d{1,6}(ms|s|m|h|d))+)$/.test(text)) return null;
  const parts = [...text.matchAll(/(\d+)(ms|s|m|h|d)/g)];
  const seconds = parts.length === 0 ? Number(text) : parts.reduce((sum, [, n, unit]) => sum + Number(n) * UNITS_S[unit!]!, 0);
  return seconds > 0 && seconds <= STEP_MAX_S ? seconds : null;
}

// The instants of a range query: the last one is the end itself, to the second, so that the newest samples are in it.
export function rangeOf(rangeS: number, endMs: number, stepS: number): { startS: number; endS: number; count: number } {
  const endS = Math.floor(endMs / 1000);
  const steps = Math.max(1, Math.floor(rangeS / stepS));
  return { startS: Number((endS - steps * stepS).toFixed(3)), endS, count: steps + 1 };
}

export interface Place {
  line: number;
  column: number; // in characters, from 1
  from: number; // of the text
  to: number;
}

const ENCODER = new TextEncoder();

// Where column `bytes` (of UTF-8, from 1) of a line is, in the units of a string.
function unitsOf(line: string, bytes: number): number {
  let at = 0;
  let left = bytes - 1;
  for (const character of line) {
    left -= ENCODER.encode(character).length;
    if (left < 0) break;
    at += character.length;
  }
  return at;
}

const WORD = /^(?:[\p{L}\p{N}_:.]+|"[^"\n]*"?|'[^'\n]*'?|[=!<>~]+|.)/u;
const LAST_WORD = /(?:[\p{L}\p{N}_:.]+|\S)\s*$/u;

// The place that an error of the parser tells ("1:12: parse error: ..."): the word that stands there, at the end of the text its last one.
export function placeOf(message: string, text: string): Place | null {
  const found = /(?:^|: )(\d+):(\d+): parse error: /.exec(message);
  if (!found) return null;
  const lines = text.split('\n');
  const number = Math.min(Number(found[1]), lines.length);
  const line = lines[number - 1]!;
  const at = unitsOf(line, Number(found[2]));
  const before = lines.slice(0, number - 1).reduce((sum, l) => sum + l.length + 1, 0);
  const word = WORD.exec(line.slice(at))?.[0] ?? '';
  const last = word.trim() === '' ? LAST_WORD.exec(line.slice(0, at)) : null;
  const [from, to] = last ? [before + last.index, before + last.index + last[0].trimEnd().length] : [before + at, before + at + word.length];
  return { line: number, column: Array.from(line.slice(0, at)).length + 1, from, to };
}

export interface Refusal {
  title: string;
  text: string; // the server's
  hint: string;
  place: Place | null;
  act: 'retry' | 'table' | 'step' | null; // what the page can do about it
}

export interface Told {
  status: number; // 0: no answer
  type: string;
  message: string;
  retryAfterS: number | null;
}

const NARROW = 'Narrow it: more labels in the braces, a shorter range, or a longer step.';

function badData(message: string, text: string): Refusal {
  const place = placeOf(message, text);
  const words = message.replace(/^invalid parameter "query": /, '').replace(/^\d+:\d+: parse error: /, '');
  const base = { text: words, hint: '', place, act: null } as const;
  if (place) return { ...base, title: `Not understood at ${place.line > 1 ? `line ${place.line}, ` : ''}character ${place.column}` };
  if (message.includes('invalid expression type'))
    return { ...base, title: 'This cannot be drawn over time', hint: 'Ranges and strings are shown as a table.', act: 'table' };
  if (message.includes('exceeded maximum resolution'))
    return { ...base, title: 'The step is too short for this range', hint: 'At most 11,000 steps can be asked for.', act: 'step' };
  return { ...base, title: 'Not accepted' };
}

// What to tell of a query that was not answered.
export function refusalOf({ status, type, message, retryAfterS }: Told, text: string): Refusal {
  const base = { text: message, hint: '', place: null, act: null } as const;
  if (status === 0) return { ...base, title: 'Fusebox does not answer', act: 'retry' };
  if (type === 'bad_data') return badData(message, text);
  if (type === 'execution') return { ...base, title: 'This could not be computed', hint: /memory|samples|steps|limit|more than/.test(message) ? NARROW : '' };
  if (type === 'timeout') return { ...base, title: 'It took too long and was stopped', hint: NARROW, act: 'retry' };
  if (status === 413) return { ...base, title: 'The query is too long', hint: 'Fewer alternatives in a regular expression, or several queries.' };
  if (status === 503) {
    const when = retryAfterS === null ? 'in a moment' : `in ${plural(retryAfterS, 'second')}`;
    return { ...base, title: 'Fusebox is busy', hint: `Try again ${when}.`, act: 'retry' };
  }
  return { ...base, title: `The server answered ${status}`, act: 'retry' };
}
