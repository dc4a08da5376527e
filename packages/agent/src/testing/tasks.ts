// Suspended functions that a test started, by the tracker that serves goroutine profiles: here it looks at every promise.
import type { Frame } from '../frames.ts';
import { TaskRecord } from '../tasks/record.ts';
import { TaskTracker } from '../tasks/tracker.ts';
import type { TaskDump } from '../tasks/dump.ts';
import type { Found } from './found.ts';
import { ownerOfStack } from './whose.ts';

/** More than looking at every promise can cost. */
const NO_BUDGET = 1e6;
const MOST_TASKS = 1_000_000;
const DEPTH = 32;

function frameAt(dump: TaskDump, frame: number): Frame {
  return {
    name: dump.names[frame] ?? '',
    file: dump.files[frame] ?? '',
    line: dump.lines[frame] ?? 0,
    column: dump.columns[frame] ?? 0,
    startLine: dump.beginLines[frame] ?? 0,
    startColumn: dump.beginColumns[frame] ?? 0,
    hidesStart: true,
  };
}

/** Looks at every task from {@link TaskWatch.start} on. */
export class TaskWatch {
  readonly #tracker = new TaskTracker({
    // What was entered before is not told: the tests themselves, and who runs them.
    from: 'first look',
    budget: NO_BUDGET,
    maxTasks: MOST_TASKS,
    stackDepth: DEPTH,
    handles: false,
  });

  start(): void {
    this.#tracker.start();
    this.#tracker.count();
  }

  stop(): void {
    this.#tracker.stop();
  }

  /** A handle or request is made, which a promise that is being made waits for. */
  resourceMade(state: number): void {
    this.#tracker.resourceMade(state);
  }

  /** Numbers of the functions that run now, and of those that wait for them. */
  running(): ReadonlySet<number> {
    return this.#tracker.running();
  }

  /** Functions that are called from now on have a higher number. */
  get entered(): number {
    return TaskRecord.derived().id;
  }

  /** Numbers of the functions that were called after `since` and wait now, but for those that wait for whoever asks. */
  suspects(since: number): ReadonlySet<number> {
    return this.#tracker.waitingSince(since);
  }

  /** The tasks that began with one of the suspects and are suspended still. */
  found(suspects: ReadonlySet<number>): Found[] {
    if (!this.#tracker.mayWait(suspects)) return [];
    const dump = this.#tracker.dump(true);
    const { rows } = dump;
    return rows.stack.flatMap((stack, i): Found[] => {
      if (!suspects.has(rows.outermost[i] ?? 0)) return [];
      const frames = (dump.stacks[stack] ?? []).map((frame) => frameAt(dump, frame));
      const owner = ownerOfStack(frames.map(({ file }) => file));
      if (owner === 'runner' || owner === 'node') return [];
      const starter = rows.createdBy[i] ?? -1;
      return [
        {
          kind: 'task',
          detail: dump.states[rows.state[i] ?? 0] ?? '',
          stack: frames,
          startedBy: starter < 0 ? null : frameAt(dump, starter),
        },
      ];
    });
  }
}
