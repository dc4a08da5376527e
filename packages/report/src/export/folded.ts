// Folded stacks: `main;work;mix 42`, one line per stack, for flamegraph.pl and its kin.
import { compareBytes } from '../go/bytewise.ts';
import type { ExportStacks } from './stacks.ts';

/** The text, sorted; blanks and semicolons inside names would end a frame or a line, so they are replaced. */
export function foldedStacks({ frames, stacks }: ExportStacks): string {
  const names = frames.map(({ name, line }) =>
    (line === 0 ? name : `${name}:${line}`).replace(/[;\r\n]/g, '_'),
  );
  const sums = new Map<string, number>();
  for (const { frames: rows, value } of stacks) {
    // A line that names nothing is none.
    if (rows.length === 0) continue;
    const stack = rows.map((row) => names[row]).join(';');
    sums.set(stack, (sums.get(stack) ?? 0) + value);
  }
  return [...sums]
    .sort((a, b) => compareBytes(a[0], b[0]))
    .map(([stack, value]) => `${stack} ${value}\n`)
    .join('');
}
