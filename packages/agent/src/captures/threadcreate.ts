// The threadcreate profile: threads and child processes of the process, workers and children by the stack that made them.
import { type Profile, ProfileBuilder } from '@stackpile/profile';
import { type Frame, FrameWriter } from '../frames.ts';
import { costed, type Costed, hostCall, parseJson } from '../host/calls.ts';
import type { TaskDump } from '../tasks/dump.ts';
import { countText } from '../text/count-text.ts';
import { type Capture, type CaptureContext, type CaptureResult, captureResult } from './capture.ts';
import { framesOfDump } from './goroutine.ts';
import { type OsThreads, osThreads } from './os-threads.ts';
import { SharedReading } from './shared-reading.ts';

/** The name of a worker's thread, since Node 24. */
const WORKER = 'WorkerThread';

const COMMENTS = [
  'workers and child processes that live and were made since the agent began have the stack that made them',
  "all others are told by one frame: Node's and V8's threads are made by no JavaScript, and nobody was there when the rest was",
];

const readings = new SharedReading<CaptureResult>();

/** How many there are of something that has no stack. */
type Nameless = ReadonlyMap<string, number>;

/** Workers and children of a dump: how many of each. */
function madeOf(dump: TaskDump | null): { readonly workers: number; readonly children: number } {
  let [workers, children] = [0, 0];
  dump?.rows.count.forEach((count, i) => {
    if (dump.states[dump.rows.state[i] as number] === 'worker') workers += count;
    else children += count;
  });
  return { workers, children };
}

/** What the system lists and no stack was seen of. */
function nameless(os: OsThreads | null, dump: TaskDump | null): Nameless {
  const counts = new Map([
    ['(main thread)', 1],
    ['(agent)', 1],
  ]);
  if (os === null) return counts;
  const add = (name: string, count = 1): void => {
    if (count > 0) counts.set(name, (counts.get(name) ?? 0) + count);
  };
  let { workers } = madeOf(dump);
  // Older Nodes name none of their threads: workers with a stack are some of these.
  const isMade = (name: string): boolean => workers > 0 && (name === WORKER || name === '');
  const isNamed = os.names.includes(WORKER);
  for (const name of os.names) {
    if (isMade(name) && (name === WORKER || !isNamed)) workers--;
    else if (name === WORKER) add('(worker)');
    else add(name === '' ? '(thread)' : `(thread ${name})`);
  }
  add('(child process)', os.children - madeOf(dump).children);
  return counts;
}

/** A profile of {@link Nameless} ones and of those with stacks. */
async function profileOf(
  dump: TaskDump | null,
  others: Nameless,
  comments: readonly string[],
  context: CaptureContext,
): Promise<Profile> {
  const threads = { type: 'threadcreate', unit: 'count' };
  const builder = new ProfileBuilder({
    sampleTypes: [threads],
    periodType: threads,
    period: 1,
    timeNanos: BigInt(Date.now()) * 1_000_000n,
  });
  const writer = new FrameWriter(builder, context);
  const frames: Frame[] = dump === null ? [] : framesOfDump(dump);
  await context.main.withSession((session) => context.originals.learn(session, frames));
  dump?.rows.stack.forEach((stack, i) => {
    const locations = (dump.stacks[stack] ?? []).map((frame) => writer.location(frames[frame] as Frame));
    builder.sample(locations, [dump.rows.count[i] as number], writer.labels(locations));
  });
  for (const [name, count] of others) builder.sample([writer.location({ name, file: '', line: 0 })], [count]);
  for (const comment of comments) builder.comment(comment);
  writer.comment();
  return builder.build();
}

async function take(context: CaptureContext): Promise<Costed<CaptureResult>> {
  const { value, cost } = await context.main.evaluate(costed(hostCall('dumpThreads')));
  const dump = value === null ? null : parseJson(value);
  const os = osThreads();
  const comments = [
    ...COMMENTS,
    ...(dump === null ? ['no stacks: the option tasks, or tasks.handles, is false'] : []),
    ...(os === null ? ['the threads of the system are known on Linux only, where /proc may be read'] : []),
  ];
  const profile = await profileOf(dump, nameless(os, dump), comments, context);
  return { value: captureResult(profile, () => countText(profile, 'threadcreate')), cost };
}

/** `threadcreate`: what runs beside the main thread, and who made it. */
export const threadcreate: Capture = {
  name: 'threadcreate',
  description: 'Stack traces that led to the creation of new OS threads',
  delta: true,
  query: {},
  async count(context, signal) {
    const os = osThreads();
    if (os !== null) return { count: 2 + os.names.length + os.children, note: '' };
    const { profile } = await readings.read(context.limits.pace, () => take(context), signal);
    return { count: profile.samples.length, note: '' };
  },
  take: (context, { signal }) => readings.read(context.limits.pace, () => take(context), signal),
};
