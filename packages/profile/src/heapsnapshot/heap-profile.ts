// From what piles up in a heap to a profile of it: one sample per group, or per member.
import type { SampleLabel } from '../builder.ts';
import { ProfileBuilder } from '../builder.ts';
import { type FunctionFacts, functionName } from '../naming/names.ts';
import type { Profile } from '../profile.ts';
import { scriptFilename } from '../script-filename.ts';
import { taskLabel } from '../wire/task-labels.ts';
import type { HeapAnalysis, HeapAnalysisOptions, HeapGroup, HeapGroupKind } from './analyze.ts';
import type { HeapClasses } from './classes/classes.ts';
import { BORN_LABEL } from './heap-ids.ts';
import { largestHolders } from './largest-holders.ts';
import type { HolderFrame, PlacedMaker } from './classes/holder-tree.ts';

/** How an analysis becomes a profile. */
export interface HeapProfileOptions extends HeapAnalysisOptions {
  /**
   * Type of the first column: `tasks` (default), or `goroutine` where the profile is the answer to a request for that profile
   * and tools look for that name.
   */
  readonly taskType?: 'tasks' | 'goroutine';
  /** When the snapshot was taken, nanoseconds since 1970. */
  readonly timeNanos?: bigint;
  /** Exact positions (1-based) of suspended functions by {@link HeapFrame.objectId}. */
  readonly positions?: ReadonlyMap<number, { readonly line: number; readonly column: number }>;
  /** Lines for the profile's comments. */
  readonly comments?: readonly string[];
  /** Only groups of these kinds; none of them where the list is empty. */
  readonly kinds?: readonly HeapGroupKind[];
  /** Writes the frames where the profile's other captures have a way of their own. */
  readonly frames?: (builder: ProfileBuilder) => HeapFrameWriter;
}

/** Writes the frames of a profile. */
export interface HeapFrameWriter {
  /** Location row of a frame. */
  location(frame: WrittenHeapFrame): number;
  /** Labels of a stack of such rows. */
  labels(stack: readonly number[]): readonly SampleLabel[];
  /** Called when all is written. */
  end(): void;
}

/** A frame on its way into a profile; lines and columns are 1-based, 0 where unknown. */
export interface WrittenHeapFrame {
  /** '' where the function has no name. */
  readonly name: string;
  readonly url: string;
  readonly line: number;
  readonly column: number;
  /** Where the function itself begins. */
  readonly startLine: number;
  readonly startColumn: number;
  /** V8's id of the script; 0 where unknown. */
  readonly scriptId: number;
  /** What is known of a function without a name. */
  readonly facts: FunctionFacts;
}

/**
 * The profile of an analysis. Sample types: `tasks/count` (or `goroutine/count`), `handles/count`, `closures/count` and
 * `retained/bytes`; a sample counts in the column of its own kind and in `retained`. Text labels: `kind` (`task`, `handle`,
 * `closures`, `class`), `state` of a task, `held_by`, `created_by` of closures. Where the analysis has the ids of members, each is a sample of its own with the
 * numeric label `goroutine`.
 *
 * Where the analysis tells classes, there are `objects/count`, `shallow/bytes` and, of classes only, `retained/bytes` as well: own
 * bytes by chain of dominators, so that what a frame retains is its cumulated value. What tasks, handles and closures keep alive is
 * called `claimed/bytes` then. Where the analysis knows of earlier looks, the samples of one chain are told apart by the numeric
 * label {@link BORN_LABEL}: 0 for what the first look saw already, 1 for what was born between the first and the second, …. With an
 * empty list of kinds the profile has the types of classes only. Where there are large texts and buffers,
 * or a live process has told how many numbers its large tables have, there is `filled/bytes`: what one thing holds that may become larger.
 */
export function heapProfile(analysis: HeapAnalysis, options: HeapProfileOptions = {}): Profile {
  const { kinds } = options;
  const groups = analysis.groups.filter((group) => kinds === undefined || kinds.includes(group.kind));
  const taskType = options.taskType ?? 'tasks';
  const types = columnsOf(analysis.classes, kinds, taskType);
  const builder = new ProfileBuilder({
    sampleTypes: types.map((type) => ({ type, unit: inBytes.has(type) ? 'bytes' : 'count' })),
    periodType: { type: types[0] ?? taskType, unit: 'count' },
    period: 1,
    defaultSampleType: taskType === 'goroutine' ? taskType : firstCounted(types, groups),
    ...(options.timeNanos === undefined ? {} : { timeNanos: options.timeNanos }),
  });
  const writer = options.frames?.(builder);
  writeGroups(builder, types, groups, options, writer);
  if (analysis.classes !== null) writeClasses(builder, types, analysis.classes, options);
  for (const comment of options.comments ?? []) builder.comment(comment);
  if (analysis.classes !== null) for (const line of largestHolders(analysis.classes)) builder.comment(line);
  if (analysis.runtimeTasks > 0) {
    builder.comment(`# ${analysis.runtimeTasks} suspended chains of Node's own are left out`);
  }
  if (analysis.classes !== null) {
    const { ages, largestId, process } = analysis.classes;
    builder.comment(`# object ids up to ${largestId}, of process ${process}`);
    builder.comment(`# ages told by ${ages - 1} earlier looks`);
    const filename = options.filename ?? scriptFilename;
    for (const opener of analysis.openers.slice(0, MOST_OPENERS))
      builder.comment(`# opens files: ${opener.name}\t${filename(opener.url)}:${opener.line}`);
    for (const { url, line, calls } of analysis.wrappers.slice(0, MOST_WRAPPERS))
      builder.comment(
        `# only calls: ${filename(url)}:${line}\t${calls.name}\t${filename(calls.url)}:${calls.line}`,
      );
  }
  writer?.end();
  return builder.build();
}

/** Functions that open files, and functions that only call another one, that are told. */
const MOST_OPENERS = 50;
const MOST_WRAPPERS = 200;

/** Sample types whose unit is bytes. */
const inBytes = new Set(['shallow', 'retained', 'claimed', 'filled']);

/** Sample types of a profile, in their order. */
function columnsOf(
  told: HeapClasses | null,
  kinds: readonly HeapGroupKind[] | undefined,
  taskType: string,
): readonly string[] {
  const classes = ['objects', 'shallow', 'retained'];
  if (told === null) return [taskType, 'handles', 'closures', 'retained'];
  const filled = told.isFilled ? ['filled'] : [];
  return kinds?.length === 0
    ? [...classes, ...filled]
    : [taskType, ...classes, 'handles', 'closures', 'claimed', ...filled];
}

/** The first sample type that is not all zeros. */
function firstCounted(types: readonly string[], groups: readonly HeapGroup[]): string {
  const counted = new Set<string>(groups.map(({ kind }) => typeOf[kind]));
  const isCounted = (type: string): boolean =>
    type === 'objects' ||
    [...counted].some((one) => one === type || (one === 'tasks' && type === 'goroutine'));
  return types.find(isCounted) ?? types[0] ?? '';
}

const typeOf = { task: 'tasks', handle: 'handles', closures: 'closures' } as const;

/** The values of a sample: zeros but for what is given. */
function valuesOf(types: readonly string[], given: Readonly<Record<string, number>>): number[] {
  return types.map((type) => given[type] ?? 0);
}

function writeGroups(
  builder: ProfileBuilder,
  types: readonly string[],
  groups: readonly HeapGroup[],
  options: HeapProfileOptions,
  writer: HeapFrameWriter | undefined,
): void {
  const filename = options.filename ?? scriptFilename;
  const write = (frame: WrittenHeapFrame): number =>
    writer?.location(frame) ??
    builder.location({
      lines: [
        {
          function: builder.function(nameOf(frame, filename), filename(frame.url), frame.startLine),
          line: frame.line,
          column: frame.column,
        },
      ],
    });
  for (const group of groups.toSorted((a, b) => b.count - a.count || b.retained - a.retained)) {
    const stack = group.frames.map((frame) => {
      const { name, url, line, column, scriptId } = frame.function;
      const exact = frame.objectId === 0 ? undefined : options.positions?.get(frame.objectId);
      return write({
        name,
        url,
        line: exact?.line ?? line,
        column: exact?.column ?? column,
        startLine: line,
        startColumn: column,
        scriptId,
        facts: frame.function,
      });
    });
    const labels: SampleLabel[] = [{ key: taskLabel.kind, text: group.kind }];
    if (group.state !== '') labels.push({ key: taskLabel.state, text: group.state });
    if (group.heldBy !== '') labels.push({ key: taskLabel.heldBy, text: group.heldBy });
    if (group.maker !== null)
      labels.push({ key: taskLabel.createdBy, text: makerText(group.maker, filename) });
    else if (group.madeIn !== '') labels.push({ key: taskLabel.createdBy, text: group.madeIn });
    labels.push(...(writer?.labels(stack) ?? []));
    const type = group.kind === 'task' ? (options.taskType ?? 'tasks') : typeOf[group.kind];
    const bytesType = types.includes('claimed') ? 'claimed' : 'retained';
    const add = (count: number, retained: number, more: readonly SampleLabel[]): void =>
      builder.sample(stack, valuesOf(types, { [type]: count, [bytesType]: retained }), [...labels, ...more]);
    const members = group.memberIds.length;
    if (members === 0) {
      add(group.count, group.retained, []);
      continue;
    }
    // One sample per member; what the group retains is shared out evenly, to the byte.
    const share = Math.floor(group.retained / members);
    for (const [i, id] of group.memberIds.entries()) {
      const retained = i === 0 ? group.retained - share * (members - 1) : share;
      add(1, retained, [{ key: taskLabel.id, number: id }]);
    }
  }
}

function writeClasses(
  builder: ProfileBuilder,
  types: readonly string[],
  classes: HeapClasses,
  options: HeapProfileOptions,
): void {
  const filename = options.filename ?? scriptFilename;
  const locations = new Map<HolderFrame, number>();
  const locate = (frame: HolderFrame): number => {
    let location = locations.get(frame);
    if (location === undefined) {
      const row = builder.function(frame.name, frame.url === '' ? '' : filename(frame.url), frame.line);
      location = builder.location({ lines: [{ function: row, line: frame.line }] });
      locations.set(frame, location);
    }
    return location;
  };
  const kind: SampleLabel = { key: 'kind', text: 'class' };
  classes.forEach(({ chain, maker, cells, filled }) => {
    const stack = chain.map(locate);
    const own: SampleLabel[] =
      maker === null ? [kind] : [kind, { key: taskLabel.createdBy, text: makerText(maker, filename) }];
    for (const [age, { objects, shallow, retained }] of cells.entries()) {
      if (objects === 0 && shallow === 0 && retained === 0) continue;
      const labels = classes.ages === 1 ? own : [...own, { key: BORN_LABEL, number: age }];
      builder.sample(stack, valuesOf(types, { objects, shallow, retained }), labels);
    }
    if (filled > 0) builder.sample(stack, valuesOf(types, { filled }), own);
  });
}

/** A maker as the label `created_by` tells it. */
function makerText({ name, url, line }: PlacedMaker, filename: (url: string) => string): string {
  return `${name} ${filename(url)}:${line}`;
}

/** What a function is called in the profile. */
function nameOf(frame: WrittenHeapFrame, filename: (url: string) => string): string {
  const { name, url, startLine, startColumn, facts } = frame;
  return functionName(name, facts, { file: filename(url), line: startLine, column: startColumn });
}
