// What the page says of one box of a flame graph.
import { type FlameLayout, mergedFrame, rootFrame } from '@stackpile/report/flame';
import type { FlameAnswer } from '../engine/questions/flame.ts';
import type { Hit } from './picture.ts';

/** What the page knows of one box. */
export interface BoxFacts {
  readonly name: string;
  readonly file: string;
  /** 0 where unknown, or where there are several. */
  readonly line: number;
  /** `file:line`, or the file, or ''. */
  readonly place: string;
  readonly origin: 'user' | 'library' | 'runtime' | 'none';
  readonly weight: number;
  readonly self: number;
  readonly before: number | null;
  readonly after: number | null;
}

/** Facts of a box, for the details bar and the tree. */
export function boxFacts(answer: FlameAnswer, layout: FlameLayout, box: number): BoxFacts {
  const frame = layout.frame[box] as number;
  const before = layout.before?.[box] ?? null;
  const after = layout.after?.[box] ?? null;
  const weight = layout.weight[box] as number;
  if (frame === rootFrame) {
    return {
      name: 'all',
      file: '',
      line: 0,
      place: '',
      origin: 'none',
      weight,
      self: layout.self[box] ?? 0,
      before,
      after,
    };
  }
  if (frame === mergedFrame) {
    const name = `${layout.self[box] ?? 0} functions too small to draw (zoom in to see them)`;
    return { name, file: '', line: 0, place: '', origin: 'none', weight, self: 0, before, after };
  }
  const file = answer.frames.file[frame] ?? '';
  const line = answer.frames.line[frame] ?? 0;
  const several = answer.frames.severalLines[frame] === 1;
  return {
    name: answer.frames.name[frame] ?? '',
    file,
    line: several ? 0 : line,
    place: file === '' ? '' : line > 0 && !several ? `${file}:${line}` : file,
    origin: answer.frames.origin[frame] ?? 'none',
    weight,
    self: layout.self[box] ?? 0,
    before,
    after,
  };
}

/** Facts of whatever was hit. */
export function hitFacts(answer: FlameAnswer, hit: Hit): BoxFacts {
  if (hit.kind === 'box') {
    const layout = hit.layer === 1 && answer.callers !== null ? answer.callers : answer.layout;
    return boxFacts(answer, layout, Math.min(hit.box, layout.length - 1));
  }
  const frame = hit.index === 0 ? -1 : (answer.path[hit.index - 1] ?? -1);
  const file = answer.frames.file[frame] ?? '';
  return {
    name: frame < 0 ? 'all' : (answer.frames.name[frame] ?? ''),
    file,
    line: 0,
    place: file,
    origin: answer.frames.origin[frame] ?? 'none',
    weight: answer.pathWeights[hit.index] ?? answer.total,
    self: 0,
    before: null,
    after: null,
  };
}
