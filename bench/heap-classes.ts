// Heaps by class against V8 itself: V8's stop for writing a snapshot, then a fresh process that reads the file as the command line does.
// Usage: [KIND…] of tasks, objects, texts; all of them take four minutes on two quiet cores and 1.2 GB of the temporary folder.
import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { availableParallelism, loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const run = promisify(execFile);

async function answerOf<T>(script: string, args: readonly string[]): Promise<T> {
  const path = fileURLToPath(new URL(script, import.meta.url));
  const { stdout } = await run(
    process.execPath,
    ['--conditions=stackpile-source', '--max-old-space-size=8000', path, ...args],
    { timeout: 600_000 },
  );
  return JSON.parse(stdout) as T;
}

interface Written {
  /** Milliseconds for which the process stood still. */
  readonly stopMs: number;
}

interface Read {
  readonly bytes: number;
  readonly objects: number;
  readonly totalMs: number;
  /** Resident bytes when all code was loaded, and at most. */
  readonly before: number;
  readonly peak: number;
}

const kinds: Readonly<Record<string, string>> = {
  tasks: '100,000 tasks among small objects, about 500 MB',
  objects: 'small objects that hold one another, about 1 GB',
  texts: 'a million texts of a thousand characters, about 1 GB',
};
const say = (line: string): boolean => process.stdout.write(`${line}\n`);
const mb = (bytes: number): string => `${Math.round(bytes / 1e6)} MB`;
const s = (ms: number): string => `${(ms / 1000).toFixed(1)} s`;

/** Reads a file twice and takes the faster time: what else runs on the machine only ever makes it slower. */
async function bestOf(path: string): Promise<Read> {
  const [one, other] = [
    await answerOf<Read>('heap-tasks-file.ts', [path]),
    await answerOf<Read>('heap-tasks-file.ts', [path]),
  ];
  return { ...one, totalMs: Math.min(one.totalMs, other.totalMs), peak: Math.max(one.peak, other.peak) };
}

const wanted = process.argv.slice(2);
const folder = await mkdtemp(join(tmpdir(), 'stackpile-bench-'));
say(`Node ${process.version}, ${availableParallelism()} cores, load ${(loadavg()[0] ?? 0).toFixed(1)}`);
let misses = 0;
try {
  for (const [kind, words] of Object.entries(kinds)) {
    if (wanted.length > 0 && !wanted.includes(kind)) continue;
    const path = join(folder, `${kind}.heapsnapshot`);
    const { stopMs } = await answerOf<Written>('heap-classes-target.ts', [kind, path]);
    const read = await bestOf(path);
    await rm(path);
    const time = read.totalMs / stopMs;
    const memory = (read.peak - read.before) / read.bytes;
    if (time > 1 || memory > 1) misses++;
    say(`\n${words}: a snapshot of ${mb(read.bytes)}, ${read.objects} objects`);
    say(`  V8's stop for writing it    ${s(stopMs)}`);
    say(`  read, and told by class     ${s(read.totalMs)}   ${time.toFixed(2)} x the stop`);
    say(`  peak memory                 ${mb(read.peak - read.before)}   ${memory.toFixed(2)} x the snapshot`);
    say(`  load                        ${(loadavg()[0] ?? 0).toFixed(1)}`);
  }
} finally {
  await rm(folder, { recursive: true, force: true });
}
if (misses > 0) {
  say(`\n${misses} of them took longer than V8, or more memory than the snapshot has bytes`);
  process.exitCode = 1;
}
