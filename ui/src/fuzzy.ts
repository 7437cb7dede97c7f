// Finds names by a few of their letters, in order: "pays" is in "payment-service".
//
// Letters count more at the beginning of a word and right behind the one before; what is left over
// counts against a name. The score is that of the best of all ways to place the letters, by one row
// of numbers per letter.

const START = 12; // of a word, or a capital
const FOLLOWS = 8;
const LETTER = 1;
const NONE = -1e9;

const isStart = (name: string, i: number): boolean =>
  i === 0 || /[^\p{L}\p{N}]/u.test(name[i - 1]!) || (/\p{Lu}/u.test(name[i]!) && !/\p{Lu}/u.test(name[i - 1]!));

// How well the letters fit; null when they are not in the name.
export function fit(letters: string, name: string): number | null {
  const wanted = letters.toLowerCase().replace(/\s+/g, '');
  const lower = name.toLowerCase();
  if (wanted === '') return 0;
  if (!isWithin(wanted, lower)) return null;
  let row = new Array<number>(lower.length).fill(NONE); // the best score when the letter before is at i
  for (let w = 0; w < wanted.length; w++) {
    const next = new Array<number>(lower.length).fill(NONE);
    let best = w === 0 ? 0 : NONE; // of the row before, left of i - 1
    for (let i = w; i < lower.length; i++) {
      if (w > 0 && i > 1) best = Math.max(best, row[i - 2]!);
      if (lower[i] !== wanted[w]) continue;
      const follows = w > 0 && i > 0 ? row[i - 1]! + FOLLOWS : NONE;
      next[i] = Math.max(best, follows) + LETTER + (isStart(name, i) ? START : 0);
    }
    row = next;
  }
  return Math.max(...row) - lower.length / 100 + (lower === wanted ? START : 0);
}

function isWithin(wanted: string, lower: string): boolean {
  let at = -1;
  for (const letter of wanted) {
    at = lower.indexOf(letter, at + 1);
    if (at < 0) return false;
  }
  return true;
}

// The best first, at most `max`; equals keep their order.
export function best<T>(letters: string, all: readonly T[], nameOf: (one: T) => string, max: number): T[] {
  return all
    .map((one, i) => ({ one, i, score: fit(letters, nameOf(one)) }))
    .filter((found): found is { one: T; i: number; score: number } => found.score !== null)
    .sort((a, b) => b.score - a.score || a.i - b.i)
    .slice(0, max)
    .map(({ one }) => one);
}
