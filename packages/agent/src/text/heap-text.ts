// The debug=1 text of the heap profile: raw samples, which readers scale by half the printed rate.
// Upstream: golang/go src/runtime/pprof/pprof.go, 1.26.8
import { safeText, samplingScale } from '@stackpile/profile';
import type { HeapReading, HeapRecord } from '../inspect/heap-reading.ts';
import { frameAddress, type FrameContext, writtenFrame } from '../frames.ts';
import { alignTabs } from './tabwriter.ts';

function sums(objects: number, bytes: number): string {
  return `${objects}: ${bytes} [${objects}: ${bytes}]`;
}

/** Bytes as the sampler would have seen them: readers multiply them by the scale of one object of that size. */
function rawBytes(record: HeapRecord, interval: number): number {
  if (record.count > 0) return record.count * record.size;
  let raw = record.bytes;
  for (let i = 0; i < 50; i++) raw = record.bytes / samplingScale(raw, interval);
  return Math.round(raw);
}

function recordText(record: HeapRecord, { originals, cwd }: FrameContext, interval: number): string {
  const bytes = rawBytes(record, interval);
  const frames = record.frames.map((frame) => {
    const { name, file, line } = writtenFrame(frame, originals, cwd);
    return { name, file, line, address: frameAddress(name, file, line) };
  });
  const at = frames.map((frame) => ` 0x${(frame.address + 1n).toString(16)}`).join('');
  const lines = frames.map(({ name, file, line, address }) => {
    const position = file === '' ? '' : `${safeText(file)}:${line}`;
    return `#\t0x${address.toString(16)}\t${safeText(name)}+0x0\t${position}`;
  });
  return `${sums(Math.max(1, record.count), bytes)} @${at}\n${alignTabs(lines)
    .map((line) => `${line}\n`)
    .join('')}\n`;
}

/** `heap profile: …` with one record per site and size, and what of Go's MemStats has a meaning here. */
export function heapText(reading: HeapReading, context: FrameContext): string {
  const { memory } = reading;
  const bytesOf = (record: HeapRecord): number => rawBytes(record, memory.interval);
  // What lies outside of the heap is not sampled; less than an interval of it cannot be told in raw samples.
  const told = reading.records.filter((record) => record.count > 0 || record.bytes > 2 * memory.interval);
  const sorted = told.sort((a, b) => bytesOf(a) - bytesOf(b));
  const objects = sorted.reduce((sum, record) => sum + Math.max(1, record.count), 0);
  const bytes = sorted.reduce((sum, record) => sum + bytesOf(record), 0);
  const head = `heap profile: ${objects}: ${bytes} [${objects}: ${bytes + 1}] @ heap/${2 * memory.interval}\n`;
  const stats: readonly (readonly [string, number])[] = [
    ['Alloc', memory.heapUsed],
    ['Sys', memory.rss],
    ['HeapAlloc', memory.heapUsed],
    ['HeapSys', memory.heapTotal],
    ['HeapIdle', memory.heapTotal - memory.heapUsed],
    ['HeapInuse', memory.heapUsed],
    ['OtherSys', memory.external],
  ];
  const trailer = stats.map(([name, value]) => `# ${name} = ${value}\n`).join('');
  return `${head}${sorted.map((record) => recordText(record, context, memory.interval)).join('')}\n# runtime.MemStats\n${trailer}`;
}
