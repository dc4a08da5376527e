// Tasks from the heap against V8's bare snapshot: the stop of the world, the time of the analysis, the memory. Usage: [small|middle|large|file]
import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const run = promisify(execFile);
const here = (name: string): string => fileURLToPath(new URL(name, import.meta.url));

interface Result {
  readonly bytes: number;
  readonly nodes: number;
  readonly stopMs: number;
  readonly totalMs: number;
  readonly count: number;
  readonly before: number;
  readonly peak: number;
}

async function measure(script: string, args: readonly string[]): Promise<Result> {
  const { stdout } = await run(
    process.execPath,
    ['--conditions=stackpile-source', '--max-old-space-size=8000', here(script), ...args],
    { maxBuffer: 2 ** 20 },
  );
  return JSON.parse(stdout) as Result;
}

const mb = (bytes: number): string => `${Math.round(bytes / 1e6)} MB`;
const s = (ms: number): string => `${(ms / 1000).toFixed(1)} s`;
const say = (line: string): boolean => process.stdout.write(`${line}\n`);

const all = {
  small: [{ tasks: 20_000, megabytes: 100 }],
  middle: [{ tasks: 100_000, megabytes: 500 }],
  large: [{ tasks: 1_000_000, megabytes: 1000 }],
  file: [],
};
const chosen = (process.argv[2] ?? 'small') as keyof typeof all;
const cases = all[chosen];
const small = chosen === 'small';
say(`Node ${process.version}, ${availableParallelism()} cores; each line from processes of its own`);
for (const { tasks, megabytes } of cases) {
  const args = [String(tasks), String(megabytes)];
  const bare = await measure('heap-tasks-target.ts', [...args, 'bare']);
  for (const mode of ['analysis', 'classes']) {
    const full = await measure('heap-tasks-target.ts', [...args, mode]);
    const extra = Math.max(0, full.peak - bare.peak);
    const after = full.totalMs - full.stopMs;
    say(
      `\n${tasks} tasks in a heap of ${megabytes} MB: ${full.nodes} objects, snapshot of ${mb(full.bytes)}`,
    );
    say(
      `  analysed for                ${mode === 'classes' ? 'tasks, handles, closures and classes' : 'tasks, handles, closures'}`,
    );
    say(`  tasks found                 ${full.count}`);
    say(`  stop, V8 alone              ${s(bare.stopMs)}`);
    say(`  stop, analysed meanwhile    ${s(full.stopMs)}   ${(full.stopMs / bare.stopMs).toFixed(2)} x`);
    say(`  analysis after the stop     ${s(after)}   ${(after / full.stopMs).toFixed(2)} x the stop`);
    say(`  peak memory, V8 alone       ${mb(bare.peak)} (${mb(bare.before)} before)`);
    say(
      `  peak memory, analysed       ${mb(full.peak)}: ${mb(extra)} more, ${(extra / full.bytes).toFixed(2)} x the snapshot`,
    );
  }
}

if (chosen === 'middle' || chosen === 'large') process.exit();

const folder = await mkdtemp(join(tmpdir(), 'stackpile-bench-'));
try {
  const seed = join(folder, 'seed.heapsnapshot');
  await measure('heap-tasks-target.ts', ['20000', '100', 'file', seed]);
  let path = seed;
  if (!small) {
    path = join(folder, 'large.heapsnapshot');
    await measure('heap-tasks-inflate.ts', [seed, path, '2000']);
  }
  const file = await measure('heap-tasks-file.ts', [path]);
  const extra = file.peak - file.before;
  say(`\na snapshot file of ${mb(file.bytes)}, read as a stream`);
  say(`  tasks found                 ${file.count}`);
  say(`  read and analysed in        ${s(file.totalMs)}`);
  say(
    `  peak memory                 ${mb(extra)} more than before, ${(extra / file.bytes).toFixed(2)} x the file`,
  );
} finally {
  await rm(folder, { recursive: true, force: true });
}
