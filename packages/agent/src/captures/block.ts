// `block`: what blocked the event loop and for how long, by stack, since it was armed.
// Upstream: golang/go src/runtime/pprof/pprof.go, 1.26.8
import { parseInt64 } from '../http/query.ts';
import { waitsText } from '../text/waits-text.ts';
import { BlockRecorder } from './block-recorder.ts';
import {
  type Capture,
  type CaptureContext,
  type CaptureRequest,
  type CaptureResult,
  captureResult,
  type Count,
} from './capture.ts';
import { sleep } from './sleep.ts';

/** Seconds beyond those that a request is about for which it stays armed: for the second reading. */
const LONGER = 60;
/** Milliseconds that a reading may take; one that ends a difference has no later one to tell what it left out. */
const PATIENCE = { reading: 2_000, difference: 30_000 };

const recorders = new WeakMap<CaptureContext, BlockRecorder>();

/** The one recorder of a sidecar. */
export function blocksOf(context: CaptureContext): BlockRecorder {
  let recorder = recorders.get(context);
  if (recorder === undefined) recorders.set(context, (recorder = new BlockRecorder(context)));
  return recorder;
}

function comments(recorder: BlockRecorder, isComplete: boolean): string[] {
  const { armedSeconds, threshold } = recorder;
  const state =
    armedSeconds === 0
      ? 'not recorded: give the agent the option block, or ask with seconds='
      : `turns of the event loop that were more than ${threshold} ms late, recorded for ${Math.round(armedSeconds)} s`;
  const late =
    'the last blocks are told by a later reading: the main thread is stuck, or was asked just before';
  return [
    state,
    ...(recorder.failure === '' ? [] : [`nothing is recorded: ${recorder.failure}`]),
    ...(isComplete ? [] : [late]),
    'lines of callers are those on which the calling function starts: V8 records the leaf line only',
  ];
}

async function take(context: CaptureContext, { query, signal }: CaptureRequest): Promise<CaptureResult> {
  const recorder = blocksOf(context);
  const seconds = Math.min(parseInt64(query.get('seconds') ?? '') ?? 0, context.settings.maxSeconds);
  // A difference needs the time between its readings recorded.
  if (seconds > 0) {
    const disarm = recorder.arm();
    void sleep((seconds + LONGER) * 1000, signal).then(disarm);
  }
  const isComplete = await recorder.update(seconds > 0 ? PATIENCE.difference : PATIENCE.reading, signal);
  const { stacks } = recorder;
  if (isComplete)
    await context.main.withSession((session) => context.originals.learn(session, stacks.frames()));
  const profile = stacks.profile(context, comments(recorder, isComplete));
  return captureResult(profile, () => waitsText(profile, 'contention', null));
}

/** Stacks, and blocks of this moment whose stacks only a cut would tell: it stops the main thread. */
function counted({ stacks, untold }: BlockRecorder): Count {
  const note = `Blocks since the last reading count for one stack each: ${untold}.`;
  return { count: stacks.size + untold, note: untold === 0 ? '' : note };
}

/** `block`: what held the event loop up. */
export const block: Capture = {
  name: 'block',
  description:
    'Stack traces of what blocked the event loop, and for how long. Recorded from the start on with the option block, else while it is asked for with seconds.',
  delta: true,
  query: {},
  count: (context) => Promise.resolve(counted(blocksOf(context))),
  take,
};
