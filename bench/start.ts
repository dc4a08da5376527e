// How long `stackpile -top` of a 10 kB profile takes as a whole process, and how much longer a process takes that imports the agent,
// next to a Node that does nothing; and how long `startServer` takes. Command and agent are bundled as they are published.
// Usage: node --conditions=stackpile-source bench/start.ts [RUNS]   (PPROF=path of the real pprof adds a row for
// it; STACKPILE_TEST_NODE=path runs everything on another Node)
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { gzipSync } from 'node:zlib';
import { encodeProfile, ProfileBuilder } from '@stackpile/profile';
import { bundleAgent } from '../scripts/bundle-agent.ts';
import { bundleCommand } from '../scripts/bundle.ts';

const runs = Number(process.argv[2] ?? '30');
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
  /** `process`: the whole process is timed. `printed`: it prints its own milliseconds. */
  readonly timed: 'process' | 'printed';
  readonly times: number[];
}

/** Runs a row's command once; the milliseconds that it took. */
function time({ command, timed }: Row, home: string): number {
  const [program = '', ...args] = command;
  const started = process.hrtime.bigint();
  const { status, stdout, stderr } = spawnSync(program, args, {
    encoding: 'utf8',
    env: { ...process.env, HOME: home },
  });
  const taken = Number(process.hrtime.bigint() - started) / 1e6;
  if (status !== 0) throw new Error(`${command.join(' ')} failed: ${stderr}`);
  return timed === 'process' ? taken : Number(stdout);
}

try {
  const bin = join(folder, 'bin');
  await bundleCommand(bin);
  writeFileSync(join(folder, 'package.json'), '{ "type": "module" }');
  const agent = join(folder, 'agent');
  await bundleAgent(agent);
  const file = join(folder, 'cpu.pb.gz');
  writeFileSync(file, profile());
  const empty = join(folder, 'empty.mjs');
  writeFileSync(empty, '');
  const home = join(folder, 'home');
  mkdirSync(home);
  const server = join(folder, 'server.mjs');
  writeFileSync(
    server,
    `import { startServer } from './agent/index.js';
const started = performance.now();
const server = await startServer({ port: 0 });
console.log(performance.now() - started);
await server.close();
`,
  );
  const node = process.env['STACKPILE_TEST_NODE'] ?? process.execPath;
  const rows: Row[] = [
    { name: 'node, doing nothing', command: [node, empty], timed: 'process', times: [] },
    {
      name: 'stackpile -top',
      command: [node, join(bin, 'stackpile.js'), '-top', file],
      timed: 'process',
      times: [],
    },
    {
      name: 'node --import @stackpile/agent',
      command: [node, '--import', pathToFileURL(join(agent, 'index.js')).href, empty],
      timed: 'process',
      times: [],
    },
    { name: 'startServer', command: [node, server], timed: 'printed', times: [] },
  ];
  const real = process.env['PPROF'];
  if (real !== undefined)
    rows.push({ name: 'pprof -top', command: [real, '-top', file], timed: 'process', times: [] });
  // In turn, so that whatever else the machine does hits all of them; two rounds fill the caches first.
  for (let run = -2; run < runs; run++) {
    for (const row of rows) {
      const taken = time(row, home);
      if (run >= 0) row.times.push(taken);
    }
  }
  const median = (times: readonly number[]): number =>
    [...times].sort((a, b) => a - b)[times.length >> 1] ?? 0;
  const version = spawnSync(node, ['--version'], { encoding: 'utf8' }).stdout.trim();
  console.log(
    `Node ${version}, ${cpus()[0]?.model ?? 'unknown CPU'} × ${cpus().length}, ${runs} runs each, a profile of ${statSync(file).size} bytes`,
  );
  const bare = median(rows[0]?.times ?? []);
  for (const { name, timed, times } of rows) {
    const middle = median(times);
    const beside =
      timed === 'process'
        ? `, ${(middle / bare).toFixed(2)} × bare node, ${(middle - bare).toFixed(1)} ms more`
        : '';
    console.log(
      `${name.padEnd(32)} median ${middle.toFixed(1)} ms, least ${Math.min(...times).toFixed(1)} ms${beside}`,
    );
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
