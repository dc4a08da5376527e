// From what piles up in a heap to a profile of it: one sample per group, or per member.
import type { SampleLabel } from '../builder.ts';
import { ProfileBuilder } from '../builder.ts';
import { type FunctionFacts, functionName } from '../naming/names.ts';
import type { Profile } from '../profile.ts';
import { scriptFilename } from '../script-filename.ts';
import { taskLabel } from '../wire/task-labels.ts';
import type { HeapAnalysis, HeapAnalysisOptions, HeapGroupKind } from './analyze.ts';

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
  /** Only groups of these kinds. */
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
 * `closures`), `state` of a task, `held_by`. Where the analysis has the ids of members, each is a sample of its own with the numeric
 * label `goroutine`.
 */
export function heapProfile(analysis: HeapAnalysis, options: HeapProfileOptions = {}): Profile {
  const filename = options.filename ?? scriptFilename;
  const taskType = options.taskType ?? 'tasks';
  const builder = new ProfileBuilder({
    sampleTypes: [
      { type: taskType, unit: 'count' },
      { type: 'handles', unit: 'count' },
      { type: 'closures', unit: 'count' },
      { type: 'retained', unit: 'bytes' },
    ],
    periodType: { type: taskType, unit: 'count' },
    period: 1,
    defaultSampleType: taskType,
    ...(options.timeNanos === undefined ? {} : { timeNanos: options.timeNanos }),
  });
  const writer = options.frames?.(builder);
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
  const { kinds } = options;
  const chosen = analysis.groups.filter((group) => kinds === undefined || kinds.includes(group.kind));
  const ranked = chosen.sort((a, b) => b.count - a.count || b.retained - a.retained);
  for (const group of ranked) {
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
    labels.push(...(writer?.labels(stack) ?? []));
    const add = (count: number, retained: number, more: readonly SampleLabel[]): void =>
      builder.sample(
        stack,
        [
          group.kind === 'task' ? count : 0,
          group.kind === 'handle' ? count : 0,
          group.kind === 'closures' ? count : 0,
          retained,
        ],
        [...labels, ...more],
      );
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
  if (analysis.runtimeTasks > 0) {
    builder.comment(`${analysis.runtimeTasks} suspended chains of Node's own are left out`);
  }
  for (const comment of options.comments ?? []) builder.comment(comment);
  writer?.end();
  return builder.build();
}

/** What a function is called in the profile. */
function nameOf(frame: WrittenHeapFrame, filename: (url: string) => string): string {
  const { name, url, startLine, startColumn, facts } = frame;
  return functionName(name, facts, { file: filename(url), line: startLine, column: startColumn });
}
