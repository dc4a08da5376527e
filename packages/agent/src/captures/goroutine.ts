// The goroutine profile: what the process waits for, task by task, from whichever source the request names.
import {
  type Profile,
  ProfileBuilder,
  type SampleLabel,
  taskLabel,
  type TaskKind,
  weightsSentence,
} from '@stackpile/profile';
import { EndpointError } from '../http/messages.ts';
import { AgentError } from '../errors.ts';
import { type Frame, FrameWriter } from '../frames.ts';
import { heapTasks } from './heap-tasks.ts';
import { type Costed, costed, hostCall, parseJson } from '../host/calls.ts';
import { whyUnreachable } from '../host/other-runtimes.ts';
import { confidence } from '../tasks/collect.ts';
import type { FrameColumns, TaskCount, TaskDump } from '../tasks/dump.ts';
import { countText } from '../text/count-text.ts';
import { goroutineText } from '../text/goroutine-text.ts';
import {
  type Capture,
  type CaptureContext,
  type CaptureRequest,
  type CaptureResult,
  captureResult,
  type ThreadContext,
} from './capture.ts';
import { SharedReading } from './shared-reading.ts';

/** A way to find tasks. To add one: a file in captures/, and a line in {@link sources}. */
export type TaskSource = (context: CaptureContext, request: CaptureRequest) => Promise<CaptureResult>;

const groups = new SharedReading<CaptureResult>();
const members = new SharedReading<CaptureResult>();
const texts = new SharedReading<CaptureResult>();
const readings: Record<TaskForm, SharedReading<CaptureResult>> = { groups, members, text: texts };
const counts = new SharedReading<TaskCount | null>();

/** Tasks and handles by equal stack, state and labels; each of them; or each task, for Go's text, which knows nothing else. */
type TaskForm = 'groups' | 'members' | 'text';

function formOf({ debug, query }: CaptureRequest): TaskForm {
  if (debug >= 2) return 'text';
  return debug === 0 && query.get('ids') === '1' ? 'members' : 'groups';
}

/** Tasks that the hook on the main thread has seen. */
function trackedTasks(context: CaptureContext, request: CaptureRequest): Promise<CaptureResult> {
  const form = formOf(request);
  const each = form !== 'groups';
  const take = async (): Promise<Costed<CaptureResult>> => {
    const expression = costed(hostCall('dumpTasks', each));
    const { value, cost } = await context.main.evaluate(expression);
    if (value === null)
      throw new AgentError(
        'AGENT_UNAVAILABLE',
        whyUnreachable() ?? 'tasks are not tracked: the option tasks is false',
      );
    const profile = await taskProfile(parseJson(value), form, context);
    return { value: resultOf(profile, form === 'text'), cost };
  };
  return readings[form].read(context.limits.pace, take, request.signal);
}

function resultOf(profile: Profile, each: boolean): CaptureResult {
  return captureResult(profile, () => (each ? goroutineText(profile) : countText(profile, 'goroutine')));
}

/** Tasks by heap snapshot. */
async function snapshotTasks(context: ThreadContext, request: CaptureRequest): Promise<CaptureResult> {
  return resultOf(await heapTasks(context, request), false);
}

/** The sources of `?source=`; the first one is the default. */
const sources: Readonly<Record<string, TaskSource>> = { tracked: trackedTasks, heap: snapshotTasks };

/** The frames of a dump. */
export function framesOfDump(dump: FrameColumns): Frame[] {
  return dump.names.map((name, i) => ({
    name,
    file: dump.files[i] as string,
    line: dump.lines[i] as number,
    column: dump.columns[i] as number,
    startLine: dump.beginLines[i] as number,
    startColumn: dump.beginColumns[i] as number,
    hidesStart: true,
  }));
}

/** Turns a dump into a profile: tasks in the first column, handles (label `kind`) in the second; labelled with {@link taskLabel}. */
export async function taskProfile(dump: TaskDump, form: TaskForm, context: CaptureContext): Promise<Profile> {
  const builder = new ProfileBuilder({
    sampleTypes: [
      { type: 'goroutine', unit: 'count' },
      { type: 'handles', unit: 'count' },
    ],
    defaultSampleType: 'goroutine',
    periodType: { type: 'goroutine', unit: 'count' },
    period: 1,
    timeNanos: BigInt(Date.now()) * 1_000_000n,
  });
  const writer = new FrameWriter(builder, context);
  const frames = framesOfDump(dump);
  await context.main.withSession((session) => context.originals.learn(session, frames));
  const locations = frames.map((frame) => writer.location(frame));
  const stacks = dump.stacks.map((stack) => stack.map((frame) => locations[frame] as number));
  const { rows } = dump;
  const counts = wholeCounts(rows.count);
  for (let i = 0; i < rows.stack.length; i++) {
    const isHandle = rows.handle[i] === 1;
    if (form === 'text' && isHandle) continue;
    const labels: SampleLabel[] = (dump.labels[rows.label[i] as number] ?? []).map(([key, text]) => ({
      key,
      text,
    }));
    if (isHandle) labels.push({ key: taskLabel.kind, text: 'handle' satisfies TaskKind });
    labels.push({ key: taskLabel.state, text: dump.states[rows.state[i] as number] as string });
    labels.push({
      key: taskLabel.waited,
      number: Math.round(rows.waited[i] as number),
      unit: 'milliseconds',
    });
    const error = rows.error[i] as number;
    if (error > 0) labels.push({ key: taskLabel.error, number: error, unit: 'percent' });
    if (form !== 'groups') {
      if (form === 'members' && !isHandle)
        labels.push({ key: taskLabel.outermost, number: rows.outermost[i] as number });
      labels.push({ key: taskLabel.id, number: rows.id[i] as number });
      const createdBy = rows.createdBy[i] as number;
      if (createdBy >= 0)
        labels.push({
          key: taskLabel.createdBy,
          text: writer.place(frames[createdBy] as Frame),
        });
    }
    const stack = stacks[rows.stack[i] as number] as number[];
    labels.push(...writer.labels(stack));
    builder.sample(stack, isHandle ? [0, counts[i] as number] : [counts[i] as number, 0], labels);
  }
  builder.comment(weightsSentence(dump.weights));
  for (const note of dump.notes) builder.comment(note);
  writer.comment();
  return builder.build();
}

/** Rounds weights so that their sum is right: what one row loses by rounding, the next one gets. */
function wholeCounts(weights: readonly number[]): number[] {
  let carry = 0;
  return weights.map((weight) => {
    const whole = Math.round(weight + carry);
    carry += weight - whole;
    return whole;
  });
}

async function take(context: CaptureContext, request: CaptureRequest): Promise<CaptureResult> {
  const name = request.query.get('source') ?? 'tracked';
  const source = Object.hasOwn(sources, name) ? sources[name] : undefined;
  if (source === undefined) {
    throw new EndpointError(400, `unknown source: it must be one of ${Object.keys(sources).join(', ')}`);
  }
  return source(context, request);
}

/** Nothing looks at the tasks of a worker all the time: they are found by heap snapshot. */
async function takeOfWorker(context: ThreadContext, request: CaptureRequest): Promise<CaptureResult> {
  const name = request.query.get('source') ?? 'heap';
  if (name !== 'heap')
    throw new EndpointError(400, 'tasks of a worker thread are found by heap snapshot: source=heap');
  return snapshotTasks(context, request);
}

/** `goroutine`: tasks and handles, by stack. */
export const goroutine: Capture = {
  name: 'goroutine',
  description:
    'Stack traces of all current goroutines. Use debug=2 as a query parameter to export in the same format as an unrecovered panic.',
  delta: true,
  query: {
    debug: '`1` for the text that Go writes, `2` for one stack per task',
    ids: '`1` for one sample per task and handle, with its number for life',
    source: '`tracked`, the default, or `heap`: by heap snapshot, while the process stands still',
    lines: 'seconds that `source=heap` may look for exact lines; 2',
  },
  count: async (context, signal) => {
    const expression = costed(hostCall('countTasks'));
    const take = (): Promise<Costed<TaskCount | null>> => context.main.evaluate(expression);
    const { count, between } = (await counts.read(context.limits.pace, take, signal)) ?? {
      count: 0,
      between: null,
    };
    return { count, note: between === null ? '' : `Tasks are sampled: ${confidence(between)}.` };
  },
  take,
  takeOfWorker,
};
