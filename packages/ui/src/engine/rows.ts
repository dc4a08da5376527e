// A function with its values, as several answers list it.
import type { Origin } from '@stackpile/profile';
import type { FrameTable, sumFrames } from '@stackpile/report/flame';

/** One function. */
export interface TopRow {
  readonly name: string;
  readonly file: string;
  readonly line: number;
  readonly severalLines: boolean;
  readonly origin: Origin;
  readonly flat: number;
  readonly cum: number;
  readonly flatBefore: number;
  readonly cumBefore: number;
}

/** The row of `frame`. */
export function topRow(table: FrameTable, sums: ReturnType<typeof sumFrames>, frame: number): TopRow {
  return {
    name: table.name[frame] as string,
    file: table.file[frame] as string,
    line: table.line[frame] as number,
    severalLines: table.severalLines[frame] as boolean,
    origin: table.origin[frame] as Origin,
    flat: sums.flat[frame] as number,
    cum: sums.cum[frame] as number,
    flatBefore: sums.flatBefore?.[frame] ?? 0,
    cumBefore: sums.cumBefore?.[frame] ?? 0,
  };
}
