// The heap profile of a reading: live objects by allocation site from V8's sampler, and whatever else the reading holds.
import { type Profile, ProfileBuilder, samplingScale, unscaledSize } from '@stackpile/profile';
import { type Frame, type FrameContext, FrameWriter } from '../frames.ts';
import type { HeapReading, HeapRecord } from './heap-reading.ts';

export interface HeapNode {
  readonly id: number;
  readonly callFrame: {
    readonly functionName: string;
    readonly scriptId: string;
    readonly url: string;
    readonly lineNumber: number;
    readonly columnNumber: number;
  };
  readonly children: readonly HeapNode[];
}

/** `HeapProfiler.SamplingHeapProfile` of the inspector protocol. */
export interface SamplingHeapProfile {
  readonly head: HeapNode;
  readonly samples: readonly { readonly size: number; readonly nodeId: number; readonly ordinal: number }[];
}

export function recordsOf(profile: SamplingHeapProfile, interval: number): HeapRecord[] {
  const nodes = new Map<number, HeapNode>();
  const parents = new Map<number, HeapNode>();
  const stack = [profile.head];
  for (let node = stack.pop(); node !== undefined; node = stack.pop()) {
    nodes.set(node.id, node);
    for (const child of node.children) {
      parents.set(child.id, node);
      stack.push(child);
    }
  }
  const groups = new Map<string, { node: HeapNode; size: number; count: number; bytes: number }>();
  const sizes = new Map<number, number>();
  for (const { size: scaled, nodeId } of profile.samples) {
    const node = nodes.get(nodeId);
    if (node === undefined) continue;
    let size = sizes.get(scaled);
    if (size === undefined) sizes.set(scaled, (size = unscaledSize(scaled, interval)));
    const key = `${nodeId}:${size}`;
    const group = groups.get(key);
    if (group === undefined) groups.set(key, { node, size, count: 1, bytes: scaled });
    else {
      group.count++;
      group.bytes += scaled;
    }
  }
  return [...groups.values()].map(({ node, size, count, bytes }) => {
    const frames: Frame[] = [];
    for (let at: HeapNode | undefined = node; at !== undefined; at = parents.get(at.id)) {
      const { functionName, scriptId, url, lineNumber, columnNumber } = at.callFrame;
      if (functionName === '(root)') continue;
      // V8 tells where the function begins, and nothing else.
      const [line, column] = [lineNumber + 1, columnNumber + 1];
      const start = { startLine: line, startColumn: column };
      frames.push({ name: functionName, file: url, scriptId, line, column, ...start });
    }
    return { frames, size, count, bytes };
  });
}

/** All frames of records, for the look-up of where they were written. */
export function heapRecordFrames(records: readonly HeapRecord[]): Frame[] {
  return records.flatMap((record) => record.frames);
}

/** Objects and bytes that a record stands for. */
function sumsOf({ count, size, bytes }: HeapRecord, interval: number): [objects: number, bytes: number] {
  return [count * Math.floor(samplingScale(size, interval) + 0.5), bytes];
}

/** A site of a heap's profile: what was allocated there, and what is alive of it. */
export interface HeapSite {
  readonly allocated: HeapRecord;
  readonly live: HeapRecord | null;
}

/** The profile of a reading. */
export function profileOf(reading: HeapReading, context: FrameContext): Profile {
  const sites = reading.records.map((record) => ({ allocated: record, live: record }));
  return sitesProfile(reading, sites, context, {
    defaultSampleType: 'inuse_space',
    comment: 'the alloc columns hold live objects only: the sampler forgets what was collected',
  });
}

/** The same of sites whose allocations are known apart from what is alive. */
export function sitesProfile(
  reading: HeapReading,
  sites: readonly HeapSite[],
  context: FrameContext,
  { defaultSampleType, comment }: { readonly defaultSampleType: string; readonly comment: string },
): Profile {
  const interval = reading.memory.interval;
  const builder = new ProfileBuilder({
    sampleTypes: [
      { type: 'alloc_objects', unit: 'count' },
      { type: 'alloc_space', unit: 'bytes' },
      { type: 'inuse_objects', unit: 'count' },
      { type: 'inuse_space', unit: 'bytes' },
    ],
    periodType: { type: 'space', unit: 'bytes' },
    period: interval,
    timeNanos: reading.timeNanos,
    defaultSampleType,
  });
  const writer = new FrameWriter(builder, context);
  for (const { allocated, live } of sites) {
    const { frames, size } = allocated;
    const stack = frames.map((frame) => writer.location(frame));
    const labels = [
      ...(size === 0 ? [] : [{ key: 'bytes', number: Math.round(size) }]),
      ...writer.labels(stack),
    ];
    const alive = live === null ? [0, 0] : sumsOf(live, interval);
    builder.sample(stack, [...sumsOf(allocated, interval), ...alive], labels);
  }
  builder.comment(comment);
  builder.comment('(arrayBuffers), (external) and (native) are memory outside of the JavaScript heap');
  if (reading.memory.sampler === 'foreign') {
    builder.comment('the heap sampler was started by somebody else; its interval is taken to be ours');
  }
  for (const comment of reading.comments ?? []) builder.comment(comment);
  writer.comment();
  return builder.build();
}
