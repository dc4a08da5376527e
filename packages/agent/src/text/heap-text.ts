// The debug=1 text of the heap profile: raw samples, which readers scale by half the printed rate.
// Upstream: golang/go src/runtime/pprof/pprof.go, 1.26.8
import { safeText, samplingScale } from '@stackpile/profile';
import type { HeapSite } from '../inspect/heap-profile.ts';
import type { HeapReading, HeapRecord } from '../inspect/heap-reading.ts';
import { frameAddress, type FrameContext, writtenFrame } from '../frames.ts';
import { alignTabs } from './tabwriter.ts';

/** Objects and bytes. */
type Sums = readonly [objects: number, bytes: number];

function sums([objects, bytes]: Sums, [allObjects, allBytes]: Sums): string {
  return `${objects}: ${bytes} [${allObjects}: ${allBytes}]`;
}

/** Samples and their bytes; memory that is not sampled is one object. */
function rawSums(record: HeapRecord | null, interval: number): Sums {
  if (record === null || (record.count === 0 && record.bytes === 0)) return [0, 0];
  return [Math.max(1, record.count), rawBytes(record, interval)];
}

/** Bytes as the sampler would have seen them: readers multiply them by the scale of one object of that size. */
function rawBytes(record: HeapRecord, interval: number): number {
  if (record.count > 0) return record.count * record.size;
  let raw = record.bytes;
  for (let i = 0; i < 50; i++) raw = record.bytes / samplingScale(raw, interval);
  return Math.round(raw);
}

function siteText({ allocated, live }: HeapSite, { originals, cwd }: FrameContext, interval: number): string {
  const frames = allocated.frames.map((frame) => {
    const { name, file, line } = writtenFrame(frame, originals, cwd);
    return { name, file, line, address: frameAddress(name, file, line) };
  });
  const at = frames.map((frame) => ` 0x${(frame.address + 1n).toString(16)}`).join('');
  const lines = frames.map(({ name, file, line, address }) => {
    const position = file === '' ? '' : `${safeText(file)}:${line}`;
    return `#\t0x${address.toString(16)}\t${safeText(name)}+0x0\t${position}`;
  });
  return `${sums(rawSums(live, interval), rawSums(allocated, interval))} @${at}\n${alignTabs(lines)
    .map((line) => `${line}\n`)
    .join('')}\n`;
}

/** `heap profile: …` with one record per site and size, and what of Go's MemStats has a meaning here. */
export function heapText(reading: HeapReading, context: FrameContext): string {
  const sites = reading.records.map((record) => ({ allocated: record, live: record }));
  return sitesText(reading, sites, context);
}

/** The same of sites whose allocations are known apart from what is alive. */
export function sitesText(
  { memory }: HeapReading,
  sites: readonly HeapSite[],
  context: FrameContext,
): string {
  const { interval } = memory;
  const liveOf = ({ live }: HeapSite): number => rawSums(live, interval)[1];
  // What lies outside of the heap is not sampled; less than an interval of it cannot be told in raw samples.
  const isTold = ({ count, bytes }: HeapRecord): boolean => count > 0 || bytes > 2 * interval;
  const told = sites.filter(({ allocated, live }) => isTold(allocated) || (live !== null && isTold(live)));
  const sorted = told.sort((a, b) => liveOf(a) - liveOf(b));
  const total = (of: (site: HeapSite) => HeapRecord | null): Sums => {
    const all = sorted.map((site) => rawSums(of(site), interval));
    return [all.reduce((sum, [objects]) => sum + objects, 0), all.reduce((sum, [, bytes]) => sum + bytes, 0)];
  };
  const live = total((site) => site.live);
  const [objects, bytes] = total((site) => site.allocated);
  // Go's way of telling readers that these are two numbers.
  const allocated: Sums = [objects, bytes === live[1] ? bytes + 1 : bytes];
  const head = `heap profile: ${sums(live, allocated)} @ heap/${2 * interval}\n`;
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
  return `${head}${sorted.map((site) => siteText(site, context, interval)).join('')}\n# runtime.MemStats\n${trailer}`;
}
