// A profile as it was read, as records of a store: one per sample type, with the stacks in a tree that outlives it.
import { type Profile, numberAt } from '@stackpile/profile';
import type { ProfileRecord, SeriesKey } from './model.ts';
import { ROOT, type StackTree } from './stack-tree.ts';

/** A stack that is deeper has the frames nearest to its leaf, below one that says so. */
const MAX_DEPTH = 512;
const CUT_FRAME = '(deeper)';

export interface IntakeOptions {
  readonly tree: StackTree;
  /** Of the target. */
  readonly labels: Readonly<Record<string, string>>;
  /** `goroutine` */
  readonly profile: string;
  /** The sample types to keep, and whether each is a gauge; all, as gauges, if not given. */
  readonly kinds?: Readonly<Record<string, SeriesKey['kind']>>;
  /** Milliseconds since 1970; the profile's own if not given. */
  readonly time?: number;
  readonly run: number;
}

/** The records of a profile. Labels of samples are left out: what differs by them only is one stack. */
export function recordsOf(profile: Profile, options: IntakeOptions): ProfileRecord[] {
  const nodes = nodesOf(profile, options.tree);
  const time = options.time ?? Number(profile.timeNanos / 1_000_000n);
  return profile.sampleTypes.flatMap(({ type, unit }, column) => {
    const { kinds } = options;
    const kind = kinds === undefined ? 'gauge' : Object.hasOwn(kinds, type) ? kinds[type] : undefined;
    const values = profile.samples.values[column];
    if (kind === undefined || values === undefined) return [];
    return [
      {
        series: { labels: options.labels, profile: options.profile, sampleType: type, unit, kind },
        time,
        run: options.run,
        nodes,
        values: Float64Array.from(nodes, (_, row) => numberAt(values, row)),
      },
    ];
  });
}

/** The node of each sample's stack. */
function nodesOf(profile: Profile, tree: StackTree): Uint32Array {
  const { samples } = profile;
  const framesOf = locationFrames(profile, tree);
  const cut = tree.frame(CUT_FRAME, '', 0);
  return Uint32Array.from({ length: samples.length }, (_, sample) => {
    const [start, end] = [samples.stackStart[sample] ?? 0, samples.stackStart[sample + 1] ?? 0];
    // One location is as many frames as functions were inlined there.
    let first = start;
    for (let frames = 0; first < end; first++) {
      frames += framesOf(samples.stackLocations[first] ?? 0).length;
      if (frames > MAX_DEPTH) break;
    }
    let node = first < end ? tree.node(ROOT, cut) : ROOT;
    for (let at = first - 1; at >= start; at--)
      for (const frame of framesOf(samples.stackLocations[at] ?? 0)) node = tree.node(node, frame);
    return node === ROOT ? tree.node(ROOT, tree.frame('(no stack)', '', 0)) : node;
  });
}

/** The frames of a location, outermost first, looked up once. */
function locationFrames(profile: Profile, tree: StackTree): (location: number) => readonly number[] {
  const { locations, functions, mappings, strings } = profile;
  const known: (readonly number[] | undefined)[] = [];
  const frames = (location: number): readonly number[] => {
    const [start, end] = [locations.lineStart[location] ?? 0, locations.lineStart[location + 1] ?? 0];
    if (start === end) {
      const mapping = locations.mapping[location] ?? -1;
      const file = mapping < 0 ? '' : strings.get(mappings.filename[mapping] ?? 0);
      // Where the file was loaded differs from run to run.
      const base = mapping < 0 ? 0n : (mappings.start[mapping] ?? 0n) - (mappings.offset[mapping] ?? 0n);
      const address = BigInt.asUintN(64, (locations.address[location] ?? 0n) - base);
      return [tree.frame(`0x${address.toString(16)}`, file, 0)];
    }
    const rows: number[] = [];
    for (let line = end - 1; line >= start; line--) {
      const row = locations.lines.function[line] ?? 0;
      const name = strings.get(functions.name[row] ?? 0);
      const file = strings.get(functions.filename[row] ?? 0);
      rows.push(tree.frame(name, file, numberAt(locations.lines.line, line)));
    }
    return rows;
  };
  return (location) => (known[location] ??= frames(location));
}
