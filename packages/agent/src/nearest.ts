// What somebody meant who wrote a name that is not known.

/** Insertions, deletions, changes and swaps of neighbours between two short words (optimal string alignment). */
function distance(a: string, b: string): number {
  let before: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1];
      let cost = Math.min((last[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1, (last[j - 1] ?? 0) + (same ? 0 : 1));
      const swapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      if (swapped) cost = Math.min(cost, (before[j - 2] ?? 0) + 1);
      row.push(cost);
    }
    before = last;
    last = row;
  }
  return last[b.length] ?? 0;
}

/** The known name nearest to `word`, null where none is near: at most two changes, and at most one in three letters. */
export function nearest(word: string, known: readonly string[]): string | null {
  const small = word.slice(0, 64).toLowerCase();
  let best: string | null = null;
  let least = Math.min(2, Math.max(1, Math.floor(small.length / 3)));
  for (const name of known) {
    const far = distance(small, name.toLowerCase());
    if (far < least || (far === least && best === null)) {
      best = name;
      least = far;
    }
  }
  return best;
}
