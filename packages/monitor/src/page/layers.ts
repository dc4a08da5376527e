// What a series is made of over time: the functions that hold most of it, each a layer.
import { classifyFunction, shortName, tellingFrame } from '@stackpile/profile';
import type { Frame, Point, ProfileStore, Range, Series } from '../store/index.ts';
import type { Layer } from './chart.ts';

const MOST_LAYERS = 6;
/** Stacks of one function that are asked for; the smaller ones are in what no layer tells. */
const MOST_STACKS = 12;

/** The frame that says most of a stack: the innermost of the program's own code, as the judge and every view tell it. */
export function ownFrame(frames: readonly Frame[]): Frame | undefined {
  return tellingFrame(
    frames.map((frame) => ({
      ...frame,
      name: frame.function,
      origin: classifyFunction(frame.function, frame.file),
    })),
  );
}

/** The largest functions of a series, largest first. */
export async function layersOf(
  store: ProfileStore,
  series: Series,
  range: Range,
  stepMs: number,
): Promise<Layer[]> {
  const aggregation = series.kind === 'gauge' ? 'avg' : 'sum';
  const values = await store.merge([series.id], range, aggregation);
  const largest = [...values].toSorted(([, a], [, b]) => b - a).slice(0, 200);
  const frames = await store.frames(largest.map(([stack]) => stack));
  const byFunction = new Map<string, { total: number; stacks: bigint[] }>();
  for (const [stack, value] of largest) {
    const name = ownFrame(frames.get(stack) ?? [])?.function ?? '';
    const known = byFunction.get(name) ?? { total: 0, stacks: [] };
    known.total += value;
    known.stacks.push(stack);
    byFunction.set(name, known);
  }
  const chosen = [...byFunction].toSorted(([, a], [, b]) => b.total - a.total).slice(0, MOST_LAYERS);
  const layers: Layer[] = [];
  for (const [name, { stacks }] of chosen) {
    const sums = new Map<number, number>();
    for (const stack of stacks.slice(0, MOST_STACKS))
      for (const { time, value } of await store.stackSeries([series.id], stack, range, stepMs, aggregation))
        sums.set(time, (sums.get(time) ?? 0) + value);
    const points: Point[] = [...sums]
      .map(([time, value]) => ({ time, value }))
      .sort((a, b) => a.time - b.time);
    layers.push({ name: shortName(name) || '(no name)', points });
  }
  return layers;
}
