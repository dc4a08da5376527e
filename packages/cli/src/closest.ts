// "Did you mean …?": the known word that a typed one is most like.

/** Insertions, deletions, replacements and swaps of neighbours that make one word of the other (optimal string alignment). */
function distance(one: string, other: string): number {
  let before: number[] = [];
  let last: number[] = Array.from({ length: other.length + 1 }, (_, j) => j);
  for (let i = 1; i <= one.length; i++) {
    const row = [i];
    for (let j = 1; j <= other.length; j++) {
      const same = one[i - 1] === other[j - 1];
      let least = Math.min((last[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1, (last[j - 1] ?? 0) + (same ? 0 : 1));
      if (i > 1 && j > 1 && one[i - 1] === other[j - 2] && one[i - 2] === other[j - 1])
        least = Math.min(least, (before[j - 2] ?? 0) + 1);
      row.push(least);
    }
    before = last;
    last = row;
  }
  return last[other.length] ?? 0;
}

/** A longer word is nobody's slip of the finger. */
const LONGEST = 40;

/** The word of `known` that `typed` was probably meant to be; undefined where none is near. Case does not count. */
export function closest(typed: string, known: Iterable<string>): string | undefined {
  if (typed.length < 2 || typed.length > LONGEST) return undefined;
  const word = typed.toLowerCase();
  // One slip in a short word, two in a longer one.
  let least = word.length < 5 ? 1.5 : 2.5;
  let found: string | undefined;
  for (const candidate of known) {
    const far = distance(word, candidate.toLowerCase());
    if (far < least) {
      least = far;
      found = candidate;
    }
  }
  return found;
}

/** `did you mean leaks?`, or nothing. */
export function didYouMean(typed: string, known: Iterable<string>, prefix: string = ''): string {
  const found = closest(typed, known);
  return found === undefined ? '' : `did you mean ${prefix}${found}?`;
}
