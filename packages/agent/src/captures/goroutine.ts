// The goroutine profile: what the process waits for, task by task, from whichever source the request names.
import { type Profile, ProfileBuilder, type SampleLabel } from '@stackpile/profile';
import { EndpointError } from '../endpoints/http.ts';
import { AgentError } from '../errors.ts';
import { FrameWriter } from '../frames.ts';
import { heapTasks } from '../heap-tasks/heap-tasks.ts';
import { costed, HOST_EXPRESSION } from '../host/reading.ts';
import { confidence } from '../tasks/collect.ts';
import type { TaskCount, TaskDump } from '../tasks/dump.ts';
import { countText } from '../text/count-text.ts';
import { goroutineText } from '../text/goroutine-text.ts';
import {
  type Capture,
  type CaptureContext,
  type CaptureRequest,
  type CaptureResult,
  captureResult,
} from './capture.ts';
import { type Costed, SharedReading } from './shared-reading.ts';

/** A way to find tasks. To add one: a file in captures/, and a line in {@link sources}. */
export type TaskSource = (context: CaptureContext, request: CaptureRequest) => Promise<CaptureResult>;

const groups = new SharedReading<CaptureResult>();
const tasks = new SharedReading<CaptureResult>();
const counts = new SharedReading<TaskCount>();

/** Tasks that the hook on the main thread has seen. */
function trackedTasks(context: CaptureContext, request: CaptureRequest): Promise<CaptureResult> {
  const each = request.debug >= 2;
  const take = async (): Promise<Costed<CaptureResult>> => {
    const expression = costed(`${HOST_EXPRESSION}.dumpTasks(${each})`);
    const { value, cost } = await context.main.evaluate<Costed<string>>(expression);
    if (value === '')
      throw new AgentError('AGENT_UNAVAILABLE', 'tasks are not tracked: the option tasks is false');
    const profile = await taskProfile(JSON.parse(value) as TaskDump, each, context);
    return { value: resultOf(profile, each), cost };
  };
  return (each ? tasks : groups).read(context.limits.pace, take, request.signal);
}

function resultOf(profile: Profile, each: boolean): CaptureResult {
  return captureResult(profile, () => (each ? goroutineText(profile) : countText(profile, 'goroutine')));
}

/** Tasks by heap snapshot. */
async function snapshotTasks(context: CaptureContext, request: CaptureRequest): Promise<CaptureResult> {
  return resultOf(await heapTasks(context, request), false);
}

/** The sources of `?source=`; the first one is the default. */
const sources: Readonly<Record<string, TaskSource>> = { tracked: trackedTasks, heap: snapshotTasks };

/** Turns a dump into a profile: tasks in the first column, handles (label `kind`) in the second; see the shared labels `goroutine`, `state`, `waited` (milliseconds), `created_by`, `error` (percent by which there may be more of a sampled stack, with 95 % confidence). */
export async function taskProfile(dump: TaskDump, each: boolean, context: CaptureContext): Promise<Profile> {
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
  const frames = dump.names.map((name, i) => ({
    name,
    file: dump.files[i] as string,
    line: dump.lines[i] as number,
    column: dump.columns[i] as number,
    startLine: dump.beginLines[i] as number,
    startColumn: dump.beginColumns[i] as number,
    hidesStart: true,
  }));
  await context.main.withSession((session) => context.originals.learn(session, frames));
  const locations = frames.map((frame) => writer.location(frame));
  const stacks = dump.stacks.map((stack) => stack.map((frame) => locations[frame] as number));
  const { rows } = dump;
  const counts = wholeCounts(rows.count);
  for (let i = 0; i < rows.stack.length; i++) {
    const isHandle = rows.handle[i] === 1;
    // Go's texts know goroutines only.
    if (each && isHandle) continue;
    const labels: SampleLabel[] = (dump.labels[rows.label[i] as number] ?? []).map(([key, text]) => ({
      key,
      text,
    }));
    if (isHandle) labels.push({ key: 'kind', text: 'handle' });
    labels.push({ key: 'state', text: dump.states[rows.state[i] as number] as string });
    labels.push({ key: 'waited', number: Math.round(rows.waited[i] as number), unit: 'milliseconds' });
    const error = rows.error[i] as number;
    if (error > 0) labels.push({ key: 'error', number: error, unit: 'percent' });
    if (each) {
      labels.push({ key: 'goroutine', number: rows.id[i] as number });
      const createdBy = rows.createdBy[i] as number;
      if (createdBy >= 0)
        labels.push({ key: 'created_by', text: writer.place(frames[createdBy] as (typeof frames)[number]) });
    }
    const stack = stacks[rows.stack[i] as number] as number[];
    labels.push(...writer.labels(stack));
    builder.sample(stack, isHandle ? [0, counts[i] as number] : [counts[i] as number, 0], labels);
  }
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

/** `goroutine`: tasks and handles, by stack. */
export const goroutine: Capture = {
  name: 'goroutine',
  description:
    'Stack traces of all current goroutines. Use debug=2 as a query parameter to export in the same format as an unrecovered panic.',
  delta: true,
  count: async (context, signal) => {
    const expression = costed(`${HOST_EXPRESSION}.countTasks()`);
    const take = (): Promise<Costed<TaskCount>> => context.main.evaluate(expression);
    const { count, between } = await counts.read(context.limits.pace, take, signal);
    return { count, note: between === null ? '' : `Tasks are sampled: ${confidence(between)}.` };
  },
  take,
};
