// Numbers, times and foreign names as a person reads them. Pure: text out, nothing kept.
//
// Rules: a shown value compares with its objective as the true one does; nothing below 100 % is shown
// as 100 %; the unit follows a narrow no-break space; NaN and the infinities never reach the page.

export const THIN = '\u202f';
const MINUS = '\u2212';
const DASH = '\u2014';

const known = (value: number | null | undefined): value is number =>
  typeof value === 'number' && Number.isFinite(value);

function grouped(digits: string): string {
  if (/^\d{1,3}(?!\d)/.test(digits)) return digits; // most of them
  const [whole = '', fraction] = digits.split('.');
  const body = whole.replace('-', MINUS).replace(/\B(?=(\d{3})+$)/g, ',');
  return fraction === undefined ? body : `${body}.${fraction}`;
}

// A count: in full under a million, then 1.23 M.
export function count(value: number | null): string {
  if (!known(value)) return DASH;
  if (Math.abs(value) < 999_999.5) return grouped(Math.round(value).toFixed(0));
  const [unit, size] = Math.abs(value) < 999.5e6 ? ['M', 1e6] : ['G', 1e9];
  return `${grouped(significant(value / (size as number), 3))}${THIN}${unit}`;
}

function significant(value: number, digits: number): string {
  if (value === 0) return '0';
  const before = Math.floor(Math.log10(Math.abs(value))) + 1;
  return value.toFixed(Math.min(2, Math.max(0, digits - before)));
}

// A size in powers of 1,000, rounded down: what is free is never promised larger than it is.
export function bytes(value: number | null): string {
  if (!known(value)) return DASH;
  if (value < 1000) return `${Math.round(value)}${THIN}B`;
  const power = Math.min(6, Math.floor((String(Math.floor(value)).length - 1) / 3) || 1);
  const whole = value / 1000 ** power;
  const shown = whole < 100 ? (Math.floor(whole * 10 + 1e-9) / 10).toFixed(1) : Math.floor(whole).toFixed(0);
  return `${grouped(shown)}${THIN}${['kB', 'MB', 'GB', 'TB', 'PB', 'EB'][power - 1]}`;
}

export interface Figure {
  value: string;
  unit: string;
}

// A rate in three digits, two of them behind the point at most. Below 0.1 a second the unit changes, so that the figure stays readable.
export function rate(perSecond: number | null): Figure {
  if (!known(perSecond)) return { value: DASH, unit: '' };
  const size = Math.abs(perSecond);
  if (size === 0) return { value: '0', unit: '/s' };
  if (size * 3600 < 0.05) return { value: '< 0.1', unit: '/h' };
  if (size < 0.1 / 60) return { value: grouped(significant(perSecond * 3600, 2)), unit: '/h' };
  if (size < 0.0995) return { value: grouped(significant(perSecond * 60, 2)), unit: '/min' };
  if (size < 99_950) return { value: grouped(significant(perSecond, 3)), unit: '/s' };
  if (size < 999_500) return { value: `${grouped(significant(perSecond / 1e3, 3))}${THIN}k`, unit: '/s' };
  return { value: `${grouped(significant(perSecond / 1e6, 3))}${THIN}M`, unit: '/s' };
}

const TRAILING_ZEROS = /\.?0+(?=\D*$)(?<=\..*)/;

// The same for an axis up to top, whose values are round: one unit for all.
export function rateAxis(perSecond: number, top = perSecond): string {
  if (perSecond === 0) return '0';
  if (perSecond >= 10_000 && perSecond < 100_000) return `${trimmed(perSecond / 1e3)}${THIN}k${THIN}/s`;
  const { unit } = rate(top);
  const factor = { '/min': 60, '/h': 3600 }[unit];
  const { value } = factor === undefined && perSecond >= 0.0995 ? rate(perSecond) : { value: grouped(significant(perSecond * (factor ?? 1), 2)) };
  return `${value.replace(TRAILING_ZEROS, '')}${THIN}${unit}`;
}

export function rateText(perSecond: number | null): string {
  const { value, unit } = rate(perSecond);
  return unit ? `${value}${THIN}${unit}` : value;
}

const SIZES: readonly (readonly [number, string])[] = [[1e12, 'T'], [1e9, 'G'], [1e6, 'M'], [1e4, 'k']];

// A number of no known unit, in six digits, and whole ones in all of theirs. What a query gives may be no number: that is told as Prometheus writes it.
export function plain(value: number): string {
  if (Number.isNaN(value)) return 'NaN';
  if (!Number.isFinite(value)) return value > 0 ? '+Inf' : `${MINUS}Inf`;
  const size = Math.abs(value);
  const short = size >= 1e6 && size < 1e15 ? Math.round(value) : Number(value.toPrecision(6));
  if (size !== 0 && (size < 1e-4 || size >= 1e15)) return short.toExponential().replace('e+', 'e').replace(/-/g, MINUS);
  return grouped(String(short));
}

// The same for an axis up to top, whose values are round.
export function plainAxis(value: number, top: number): string {
  const [size, unit] = SIZES.find(([least]) => Math.abs(top) >= least) ?? [1, ''];
  const scale = unit === 'k' ? 1e3 : size;
  return value === 0 ? '0' : `${plain(value / scale)}${unit && THIN + unit}`;
}

// A percentage that is not a success: whole from 10 up, else one digit.
export function percent(value: number | null): string {
  if (!known(value)) return DASH;
  const size = Math.abs(value);
  if (size > 0 && size < 0.05) return '< 0.1';
  return grouped(value.toFixed(size >= 9.95 || size === 0 ? 0 : 1)).replace('-', MINUS);
}

export function percentText(value: number | null): string {
  return known(value) ? `${percent(value)}${THIN}%` : DASH;
}

// A success ratio in percent, with more digits the nearer it is to 100, and as many more as it takes
// to stand on the true side of the target.
export function success(ratio: number | null, targetPercent: number | null = null): string {
  if (!known(ratio)) return DASH;
  const true_ = ratio * 100;
  if (true_ >= 100) return '100';
  const wanted = 1 - Math.floor(Math.log10(100 - true_));
  let digits = Math.min(4, Math.max(1, wanted));
  const sideOf = (value: number) => (targetPercent === null ? 0 : Math.sign(value - targetPercent));
  while (digits < 6 && sideOf(Number(true_.toFixed(digits))) !== sideOf(true_)) digits++;
  const shown = true_.toFixed(digits);
  return Number(shown) >= 100 ? '> 99.999' : shown;
}

export function successText(ratio: number | null, targetPercent: number | null = null): string {
  return known(ratio) ? `${success(ratio, targetPercent)}${THIN}%` : DASH;
}

// A length of time in one unit: 410 ms, 2.4 s, 84 s, 22 min, 5.4 h, 2.3 d.
export function duration(seconds: number | null): string {
  if (!known(seconds)) return DASH;
  const s = Math.max(0, seconds);
  if (s === 0) return `0${THIN}s`;
  if (s < 0.9995) return `${Math.max(1, Math.round(s * 1000))}${THIN}ms`;
  if (s < 9.95) return `${trimmed(s)}${THIN}s`;
  if (s < 120) return `${Math.round(s)}${THIN}s`;
  if (s < 7170) return `${Math.round(s / 60)}${THIN}min`;
  if (s < 172_800) return `${trimmed(s / 3600)}${THIN}h`;
  return `${trimmed(s / 86_400)}${THIN}d`;
}

function trimmed(value: number): string {
  return value < 9.95 ? value.toFixed(1).replace(/\.0$/, '') : Math.round(value).toFixed(0);
}

// The age of something that just came has a digit; after that whole units are calmer to look at.
export function age(seconds: number): string {
  return seconds < 0.95 ? `${Math.max(0, seconds).toFixed(1)}${THIN}s` : duration(Math.floor(seconds));
}

const two = (n: number) => String(n).padStart(2, '0');

// 02:41:07, in UTC as all times of the page and of the server's sentences.
export function clock(ms: number | null, seconds = true): string {
  if (!known(ms)) return DASH;
  const at = new Date(ms);
  const hm = `${two(at.getUTCHours())}:${two(at.getUTCMinutes())}`;
  return seconds ? `${hm}:${two(at.getUTCSeconds())}` : hm;
}

export function iso(ms: number | null): string {
  return known(ms) ? new Date(ms).toISOString() : '';
}

// A time, with its day when that is another one than today's.
export function moment(ms: number | null, nowMs: number): string {
  if (!known(ms)) return DASH;
  const day = iso(ms).slice(0, 10);
  return day === iso(nowMs).slice(0, 10) ? clock(ms) : `${day} ${clock(ms)}`;
}

export function parseTime(text: string | null): number | null {
  const ms = text === null ? NaN : Date.parse(text);
  return Number.isNaN(ms) ? null : ms;
}

// Controls, line and paragraph separators, and all characters that change direction or are not seen.
const UNSEEN = /[\u0000-\u001f\u007f-\u009f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]/gu;

// A foreign text with every control or direction character spelled as its code.
export function visible(text: string): string {
  return text.replace(UNSEEN, (c) => `\u27e8U+${c.codePointAt(0)!.toString(16).toUpperCase().padStart(4, '0')}\u27e9`);
}

// The same of a text that may have several lines.
export const visibleLines = (text: string): string => text.split('\n').map(visible).join('\n');

// The beginning of a long text; whoever shows it gives the whole text beside it.
export function cut(text: string, max: number): string {
  const points = Array.from(text.slice(0, max * 4));
  return points.length > max ? `${points.slice(0, max - 1).join('')}\u2026` : text;
}

export function plural(n: number, one: string, many = `${one}s`): string {
  return `${count(n)} ${n === 1 ? one : many}`;
}
