// The mutex profile: waits of the main thread in `Atomics.wait`, where the option mutex has them watched; else empty, and it says why.
import { type Profile, ProfileBuilder } from '@stackpile/profile';
import { type Frame, FrameWriter } from '../frames.ts';
import { costed, type Costed, hostCall, type MutexDump, parseJson } from '../host/calls.ts';
import { waitsText } from '../text/waits-text.ts';
import { type Capture, type CaptureContext, type CaptureResult, captureResult } from './capture.ts';
import { framesOfDump } from './goroutine.ts';
import { SharedReading } from './shared-reading.ts';

const OFF =
  'empty: nobody watches for waits. JavaScript has one lock that blocks, Atomics.wait, which the option mutex: true watches on the main thread';
const ON =
  'waits of the main thread in Atomics.wait; who held the lock is another thread, and Node does not say which';

const readings = new SharedReading<CaptureResult>();

async function profileOf(dump: MutexDump, context: CaptureContext): Promise<Profile> {
  const contentions = { type: 'contentions', unit: 'count' };
  const builder = new ProfileBuilder({
    sampleTypes: [contentions, { type: 'delay', unit: 'nanoseconds' }],
    periodType: contentions,
    period: 1,
    timeNanos: BigInt(Date.now()) * 1_000_000n,
  });
  const writer = new FrameWriter(builder, context);
  const frames = framesOfDump(dump);
  await context.main.withSession((session) => context.originals.learn(session, frames));
  for (const { stack, count, nanos } of dump.waits) {
    const locations = stack.map((frame) => writer.location(frames[frame] as Frame));
    builder.sample(locations, [count, nanos], writer.labels(locations));
  }
  builder.comment(dump.isOn ? ON : OFF);
  writer.comment();
  return builder.build();
}

async function take(context: CaptureContext): Promise<Costed<CaptureResult>> {
  const { value, cost } = await context.main.evaluate(costed(hostCall('dumpMutex')));
  const dump = parseJson(value);
  const profile = await profileOf(dump, context);
  return { value: captureResult(profile, () => waitsText(profile, 'mutex', dump.isOn ? 1 : 0)), cost };
}

function read(context: CaptureContext, signal: AbortSignal): Promise<CaptureResult> {
  return readings.read(context.limits.pace, () => take(context), signal);
}

/** `mutex`: who waited for a lock, and for how long. */
export const mutex: Capture = {
  name: 'mutex',
  description: 'Stack traces of holders of contended mutexes',
  delta: true,
  query: {},
  count: async (context, signal) => ({
    count: (await read(context, signal)).profile.samples.length,
    note: '',
  }),
  take: (context, { signal }) => read(context, signal),
};
