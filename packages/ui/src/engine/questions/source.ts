// Cost per line of one file.
import { sumGroups } from '@stackpile/report/flame';
import { compile } from '../compile.ts';
import { EngineError } from '../error.ts';
import type { Profiles } from '../profiles.ts';
import type { StackQuery } from '../stack-query.ts';

export interface SourceQuery extends StackQuery {
  readonly pivot: string;
  readonly file: string;
}

/** Cost per line of one file. */
export interface SourceAnswer {
  /** Files with matching functions, costliest first. */
  readonly files: readonly { readonly file: string; readonly cum: number }[];
  /** The file shown, '' where nothing matches. */
  readonly file: string;
  /** In the order of the file; a stack that meets a line several times counts once in its `cum`. */
  readonly lines: readonly {
    readonly line: number;
    /** The functions that were seen on it. */
    readonly names: readonly string[];
    readonly flat: number;
    readonly cum: number;
  }[];
  readonly unit: string;
  readonly type: string;
  readonly total: number;
}

/** Sums up lines. */
export function source(profiles: Profiles, query: SourceQuery): SourceAnswer {
  const { stacks, unit, type } = profiles.prepare({ ...query, base: null, granularity: 'lines' });
  const { table } = stacks;
  const { pattern, error } = compile(query.pivot);
  if (query.pivot !== '' && pattern === null) throw new EngineError('BAD_PATTERN', `Function: ${error}`);
  // Names at this granularity end in `:line`; the pattern means the function.
  const plainName = (frame: number): string => (table.name[frame] as string).replace(/:\d+$/, '');
  /** Frames that are wanted, by a key of theirs. */
  const grouped = <K>(keyOf: (frame: number) => K | null) => {
    const rows = new Map<K, number>();
    const frames: number[][] = [];
    const group = new Int32Array(table.length).fill(-1);
    for (let frame = 0; frame < table.length; frame++) {
      const key = keyOf(frame);
      if (key === null) continue;
      const row = rows.get(key) ?? frames.push([]) - 1;
      rows.set(key, row);
      frames[row]?.push(frame);
      group[frame] = row;
    }
    const { flat, cum } = sumGroups(stacks, group, frames.length);
    return [...rows]
      .map(([key, row]) => ({
        key,
        frames: frames[row] as number[],
        flat: flat[row] as number,
        cum: cum[row] as number,
      }))
      .filter((one) => one.cum !== 0);
  };
  const own = (frame: number | undefined): number => Number(table.origin[frame ?? 0] === 'user');
  const files = grouped((frame) => {
    const file = table.file[frame] as string;
    const wanted = pattern === null || pattern.test(plainName(frame)) || pattern.test(file);
    return wanted && file !== '' ? file : null;
  })
    .sort((a, b) => own(b.frames[0]) - own(a.frames[0]) || b.cum - a.cum)
    .slice(0, 200)
    .map(({ key, cum }) => ({ file: key, cum }));
  const file = files.find((one) => one.file === query.file)?.file ?? files[0]?.file ?? '';
  const lines =
    file === ''
      ? []
      : grouped((frame) => (table.file[frame] === file ? (table.line[frame] as number) : null))
          .map(({ key, frames, flat, cum }) => ({
            line: key,
            names: [...new Set(frames.map(plainName))],
            flat,
            cum,
          }))
          .sort((a, b) => a.line - b.line);
  return { files, file, lines: lines.slice(0, 5000), unit, type, total: stacks.total };
}
