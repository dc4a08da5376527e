// Locations without some of their innermost lines.
import type { Profile } from '../profile.ts';

/** Locations whose lines begin at the row `firstLine` says; what comes before it in a location is dropped. */
export function cutLines(
  profile: Profile,
  firstLine: Uint32Array,
): Pick<Profile['locations'], 'lineStart' | 'lines'> {
  const { lineStart, lines, length } = profile.locations;
  const starts = new Uint32Array(length + 1);
  const fn = lines.function.slice();
  const line = lines.line.slice();
  const column = lines.column.slice();
  let at = 0;
  for (let row = 0; row < length; row++) {
    starts[row] = at;
    const end = lineStart[row + 1] as number;
    for (let i = firstLine[row] as number; i < end; i++) {
      fn[at] = lines.function[i] as number;
      line[at] = lines.line[i] as never;
      column[at] = lines.column[i] as never;
      at++;
    }
  }
  starts[length] = at;
  return {
    lineStart: starts,
    lines: { length: at, function: fn.slice(0, at), line: line.slice(0, at), column: column.slice(0, at) },
  };
}
