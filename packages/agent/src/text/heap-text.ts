// The debug=1 text of the heap profile: raw samples, which readers scale by half the printed rate.
import type { HeapReading, HeapRecord } from '../captures/heap.ts';
import { displayPath, frameAddress } from '../frames.ts';
import { printable } from './count-text.ts';
import { alignTabs } from './tabwriter.ts';

function sums(objects: number, bytes: number): string {
  return `${objects}: ${bytes} [${objects}: ${bytes}]`;
}

function recordText(record: HeapRecord, cwd: string): string {
  const bytes = record.count === 0 ? record.bytes : record.count * record.size;
  const frames = record.frames.map((frame) => {
    const name = frame.name === '' ? '(anonymous)' : frame.name;
    const file = displayPath(frame.file, cwd);
    return { name, file, line: frame.line, address: frameAddress(name, file, frame.line) };
  });
  const at = frames.map((frame) => ` 0x${(frame.address + 1n).toString(16)}`).join('');
  const lines = frames.map(({ name, file, line, address }) => {
    const position = file === '' ? '' : `${printable(file)}:${line}`;
    return `#\t0x${address.toString(16)}\t${printable(name)}+0x0\t${position}`;
  });
  return `${sums(record.count, bytes)} @${at}\n${alignTabs(lines)
    .map((line) => `${line}\n`)
    .join('')}\n`;
}

/** `heap profile: …` with one record per site and size, and what of Go's MemStats has a meaning here. */
export function heapText(reading: HeapReading, cwd: string): string {
  const bytesOf = (record: HeapRecord): number =>
    record.count === 0 ? record.bytes : record.count * record.size;
  const sorted = [...reading.records].sort((a, b) => bytesOf(a) - bytesOf(b));
  const objects = sorted.reduce((sum, record) => sum + record.count, 0);
  const bytes = sorted.reduce((sum, record) => sum + bytesOf(record), 0);
  const { memory } = reading;
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
  return `${head}${sorted.map((record) => recordText(record, cwd)).join('')}\n# runtime.MemStats\n${trailer}`;
}
