// The goroutineleak profile: stacks of tasks that keep growing, out of the agent's own history of how many there were.
import { createHash } from 'node:crypto';
import { type Profile, ProfileBuilder, type SampleLabel, taskLabel } from '@stackpile/profile';
import { countText, ownLabels } from '../text/count-text.ts';
import { goroutineText } from '../text/goroutine-text.ts';
import {
  type Capture,
  type CaptureContext,
  type CaptureRequest,
  type CaptureResult,
  captureResult,
} from './capture.ts';
import { goroutine } from './goroutine.ts';
import { GroupHistory } from './group-history.ts';
import { keyOf, labelsAt, RowCopier } from './rows.ts';

/** While somebody asks, tasks are counted so often. */
const EVERY_MS = 30_000;
/** Without a question for so long they are not counted any more. */
const INTEREST_MS = 3_600_000;

/** Labels of one task, which its group has not. */
const single: ReadonlySet<string> = new Set([...ownLabels, taskLabel.id, taskLabel.outermost]);

/** What the user has put on the tasks of a row. */
function userLabels(profile: Profile, row: number): SampleLabel[] {
  return labelsAt(profile, row).filter(({ key }) => !single.has(key));
}

/** Rows of tasks by group: equal stacks, and equal labels of the user's. */
function groupKey(profile: Profile, row: number): string {
  const text = keyOf(profile, row, userLabels(profile, row));
  return createHash('sha256').update(text).digest('base64');
}

/** A group, told by one of its rows. */
interface Group {
  readonly row: number;
  count: number;
}

function groupsOf(profile: Profile): Map<string, Group> {
  const groups = new Map<string, Group>();
  for (let row = 0; row < profile.samples.length; row++) {
    const count = Number(profile.samples.values[0]?.[row] ?? 0);
    if (count === 0) continue;
    const key = groupKey(profile, row);
    const known = groups.get(key);
    if (known === undefined) groups.set(key, { row, count });
    else known.count += count;
  }
  return groups;
}

/** Counts tasks once somebody has asked, and goes on at a calm pace while somebody does. */
class LeakFinder {
  readonly #history = new GroupHistory();
  readonly #context: CaptureContext;
  #timer: NodeJS.Timeout | null = null;
  #asked = 0;
  /** Tasks that the last request has found. */
  found = 0;

  constructor(context: CaptureContext) {
    this.#context = context;
  }

  /** Groups that grow. */
  async look(signal: AbortSignal): Promise<Profile> {
    this.#asked = performance.now();
    this.#timer ??= setInterval(() => void this.#tick(), EVERY_MS).unref();
    const { profile, groups } = await this.#count(signal);
    const growing = this.#history.growing();
    this.found = [...growing.values()].reduce((sum, growth) => sum + growth, 0);
    return this.#profileOf(profile, groups, growing);
  }

  /** Whether a row of any reading belongs to a group that grows. */
  leaks(): (profile: Profile, row: number) => boolean {
    const growing = this.#history.growing();
    return (profile, row) => growing.has(groupKey(profile, row));
  }

  async #tick(): Promise<void> {
    if (performance.now() - this.#asked > INTEREST_MS) {
      if (this.#timer !== null) clearInterval(this.#timer);
      this.#timer = null;
      return;
    }
    try {
      await this.#count(AbortSignal.timeout(EVERY_MS));
    } catch {
      // The process is busy, or about to end: the next one may be luckier.
    }
  }

  async #count(signal: AbortSignal): Promise<{ profile: Profile; groups: ReadonlyMap<string, Group> }> {
    const { profile } = await goroutine.take(this.#context, { query: new Map(), debug: 0, signal });
    const groups = groupsOf(profile);
    this.#history.add(performance.now(), new Map([...groups].map(([key, { count }]) => [key, count])));
    return { profile, groups };
  }

  #profileOf(
    profile: Profile,
    groups: ReadonlyMap<string, Group>,
    growing: ReadonlyMap<string, number>,
  ): Profile {
    const tasks = { type: 'goroutineleak', unit: 'count' };
    const builder = new ProfileBuilder({
      sampleTypes: [tasks],
      periodType: tasks,
      period: 1,
      timeNanos: profile.timeNanos,
    });
    const copier = new RowCopier(builder, profile);
    for (const [key, growth] of growing) {
      const row = groups.get(key)?.row;
      if (row !== undefined) copier.add(profile, row, [growth], userLabels(profile, row));
    }
    builder.comment(this.#comment());
    return builder.build();
  }

  #comment(): string {
    const { length, since } = this.#history;
    const seconds = Math.round((performance.now() - (since ?? performance.now())) / 1000);
    return length < 3
      ? `too early to tell: tasks were counted ${length} times so far; ask again in ${Math.round(EVERY_MS / 1000)} s`
      : `tasks that were added within ${seconds} s, of stacks that kept growing over ${length} readings; Go finds what nobody can wake, this finds what piles up`;
  }
}

const finders = new WeakMap<CaptureContext, LeakFinder>();

function finderOf(context: CaptureContext): LeakFinder {
  let finder = finders.get(context);
  if (finder === undefined) finders.set(context, (finder = new LeakFinder(context)));
  return finder;
}

async function take(context: CaptureContext, { debug, signal }: CaptureRequest): Promise<CaptureResult> {
  const finder = finderOf(context);
  const leaked = await finder.look(signal);
  if (debug < 2) return captureResult(leaked, () => countText(leaked, 'goroutineleak'));
  const all = await goroutine.take(context, { query: new Map(), debug: 2, signal });
  const leaks = finder.leaks();
  return captureResult(leaked, () => goroutineText(all.profile, (row) => leaks(all.profile, row)));
}

/** `goroutineleak`: what piles up. */
export const goroutineleak: Capture = {
  name: 'goroutineleak',
  description:
    'Stack traces of all leaked goroutines. Use debug=2 as a query parameter to export in the same format as an unrecovered panic.',
  delta: true,
  query: {
    debug: '`1` for the text that Go writes, `2` for one stack per task, those that pile up marked as leaked',
  },
  count: async (context) => ({ count: finderOf(context).found, note: '' }),
  take,
};
