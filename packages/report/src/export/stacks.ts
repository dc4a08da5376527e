// The samples of a prepared report as plain stacks of frames, equal stacks joined.
import { div64, type Int64, isZero } from '../int64.ts';
import { baseName } from '../names/paths.ts';
import type { PreparedReport } from '../prepare.ts';

/** One function at one place. */
export interface ExportFrame {
  readonly name: string;
  /** '' where unknown. */
  readonly file: string;
  /** 0 where unknown. */
  readonly line: number;
  readonly column: number;
  /** The first line of the function; 0 where unknown. */
  readonly start: number;
}

/** Stacks with their values. */
export interface ExportStacks {
  readonly frames: readonly ExportFrame[];
  /** `frames` rows, root first. */
  readonly stacks: readonly { readonly frames: readonly number[]; readonly value: number }[];
  readonly unit: string;
}

/** Stacks in order of first appearance; values beyond 2^53 are rounded. Samples of value 0 are left out. */
export function exportedStacks(report: PreparedReport): ExportStacks {
  const { profile, weights, ratio } = report;
  const { locations, functions, mappings, strings, samples } = profile;
  const frames: ExportFrame[] = [];
  const frameRows = new Map<string, number>();
  const intern = (frame: ExportFrame): number => {
    const key = `${frame.name}\0${frame.file}\0${frame.line}\0${frame.column}\0${frame.start}`;
    let row = frameRows.get(key);
    if (row === undefined) {
      row = frames.push(frame) - 1;
      frameRows.set(key, row);
    }
    return row;
  };
  /** Frames of each location, outermost first. */
  const known: (readonly number[] | undefined)[] = [];
  const framesOf = (location: number): readonly number[] => {
    const made = known[location];
    if (made !== undefined) return made;
    const rows: number[] = [];
    const first = locations.lineStart[location] as number;
    for (let line = (locations.lineStart[location + 1] as number) - 1; line >= first; line--) {
      const fn = locations.lines.function[line] as number;
      const file = strings.get(functions.filename[fn] as number);
      const name = strings.get(functions.name[fn] as number);
      rows.push(
        intern({
          name: name === '' ? (file === '' ? '<unknown>' : file) : name,
          file,
          line: Number(locations.lines.line[line]),
          column: Number(locations.lines.column[line]),
          start: Number(functions.startLine[fn]),
        }),
      );
    }
    if (rows.length === 0) {
      const mapping = locations.mapping[location] as number;
      const binary = mapping < 0 ? '' : strings.get(mappings.filename[mapping] as number);
      const address = locations.address[location] as bigint;
      const name =
        address === 0n
          ? binary === ''
            ? '<unknown>'
            : `[${baseName(binary)}]`
          : `0x${address.toString(16)}`;
      rows.push(intern({ name, file: '', line: 0, column: 0, start: 0 }));
    }
    known[location] = rows;
    return rows;
  };

  const sums = new Map<string, { frames: number[]; value: number }>();
  for (let s = 0; s < samples.length; s++) {
    let value = weights.value[s] as Int64;
    const divisor = weights.divisor?.[s];
    if (divisor !== undefined && !isZero(divisor)) value = div64(value, divisor);
    const end = samples.stackStart[s] as number;
    const stack: number[] = [];
    for (let i = (samples.stackStart[s + 1] as number) - 1; i >= end; i--) {
      for (const row of framesOf(samples.stackLocations[i] as number)) stack.push(row);
    }
    if (isZero(value)) continue;
    const scaled = ratio === 1 ? Number(value) : Math.trunc(Number(value) * ratio);
    const key = stack.join(' ');
    const sum = sums.get(key);
    if (sum === undefined) sums.set(key, { frames: stack, value: scaled });
    else sum.value += scaled;
  }
  return { frames, stacks: [...sums.values()], unit: report.sampleUnit };
}
