// How long `stackpile -top` of a 10 kB profile takes as a whole process, next to a Node that does nothing.
// Usage: node --conditions=stackpile-source bench/start.ts [RUNS]   (PPROF=path of the real pprof adds a row for it)
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { encodeProfile, ProfileBuilder } from '@stackpile/profile';

const runs = Number(process.argv[2] ?? '30');
const root = fileURLToPath(new URL('..', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'stackpile-start-'));

/** A CPU profile of about 10 kB packed: 230 functions, 270 stacks. */
function profile(): Uint8Array {
  const builder = new ProfileBuilder({ sampleTypes: [{ type: 'cpu', unit: 'nanoseconds' }] });
  const locations = Array.from({ length: 230 }, (_, i) => {
    const name = `example.com/shop/package${i % 23}.(*Type${i % 41}).Method${i}`;
    const fn = builder.function(name, `/src/shop/package${i % 23}/file${i % 41}.go`, i, name);
    return builder.location({ address: BigInt(4096 + 16 * i), lines: [{ function: fn, line: i + 3 }] });
  });
  for (let i = 0; i < 270; i++) {
    const stack = Array.from(
      { length: 4 + (i % 9) },
      (_, depth) => locations[(i * 7 + depth * 31) % 230] as number,
    );
    builder.sample(stack, [10_000_000 * (1 + (i % 5))]);
  }
  return gzipSync(encodeProfile(builder.build()));
}

interface Row {
  readonly name: string;
  readonly command: readonly string[];
  readonly times: number[];
}

try {
  const built = spawnSync(
    process.execPath,
    ['--conditions=stackpile-source', join(root, 'scripts/bundle.ts')],
    {
      stdio: 'inherit',
    },
  );
  if (built.status !== 0) process.exit(2);
  const file = join(folder, 'cpu.pb.gz');
  writeFileSync(file, profile());
  const empty = join(folder, 'empty.mjs');
  writeFileSync(empty, '');
  const home = join(folder, 'home');
  mkdirSync(home);
  const rows: Row[] = [
    { name: 'node, doing nothing', command: [process.execPath, empty], times: [] },
    {
      name: 'stackpile -top',
      command: [process.execPath, join(root, 'packages/cli/dist/bin/stackpile.js'), '-top', file],
      times: [],
    },
  ];
  const real = process.env['PPROF'];
  if (real !== undefined) rows.push({ name: 'pprof -top', command: [real, '-top', file], times: [] });
  // In turn, so that whatever else the machine does hits all of them; two rounds fill the caches first.
  for (let run = -2; run < runs; run++) {
    for (const { command, times } of rows) {
      const [program = '', ...args] = command;
      const started = process.hrtime.bigint();
      const { status } = spawnSync(program, args, { stdio: 'ignore', env: { ...process.env, HOME: home } });
      const taken = Number(process.hrtime.bigint() - started) / 1e6;
      if (status !== 0) throw new Error(`${command.join(' ')} failed`);
      if (run >= 0) times.push(taken);
    }
  }
  const median = (times: readonly number[]): number =>
    [...times].sort((a, b) => a - b)[times.length >> 1] ?? 0;
  console.log(
    `Node ${process.version}, ${cpus()[0]?.model ?? 'unknown CPU'} × ${cpus().length}, ${runs} runs each, a profile of ${statSync(file).size} bytes`,
  );
  const bare = median(rows[0]?.times ?? []);
  for (const { name, times } of rows) {
    const least = Math.min(...times);
    console.log(
      `${name.padEnd(22)} median ${median(times).toFixed(0)} ms, least ${least.toFixed(0)} ms, ${(median(times) / bare).toFixed(2)} × bare node`,
    );
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
