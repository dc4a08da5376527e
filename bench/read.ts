// Reading and reporting against the real pprof, whole processes in turn: wall time, peak memory, equal bytes.
// Usage: node --conditions=stackpile-source bench/read.ts [--sizes 1,20,100] [--reports top,peek,tree,dot,diff] [--rounds 3] [--minutes 10]
//
// Needs Go, whose pprof is the other side, and GNU time, which says what the system measured of a process.
// Profiles are generated once, into .cache/bench-profiles. What pprof may take is bounded: --minutes for one run, and
// --gigabytes of address space (default: nine tenths of what is free), so that it ends with Go's own "out of memory".
import { spawn, spawnSync } from 'node:child_process';
import { closeSync, existsSync, mkdirSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { arch, cpus, freemem, platform, tmpdir, totalmem } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const root = fileURLToPath(new URL('..', import.meta.url));
const say = (line: string): boolean => process.stdout.write(`${line}\n`);

const { values: options } = parseArgs({
  options: {
    sizes: { type: 'string', default: '1,20,100' },
    reports: { type: 'string', default: 'top,peek,tree,dot,diff' },
    rounds: { type: 'string', default: '3' },
    minutes: { type: 'string', default: '10' },
    gigabytes: { type: 'string', default: ((0.9 * freemem()) / 1e9).toFixed(1) },
  },
});
const rounds = Number(options.rounds);

/** One report, and the shares of pprof's time and memory that it may take from 20 MB on. */
interface Report {
  readonly name: string;
  readonly flags: (base: string) => readonly string[];
  readonly time: number;
  readonly memory: number;
}
const reports: readonly Report[] = [
  { name: 'top', flags: () => ['-top'], time: 0.1, memory: 0.25 },
  { name: 'peek', flags: () => ['-peek=mergequeue1'], time: 0.2, memory: 0.35 },
  { name: 'tree', flags: () => ['-tree'], time: 0.2, memory: 0.35 },
  { name: 'dot', flags: () => ['-dot'], time: 0.2, memory: 0.35 },
  { name: 'diff', flags: (base) => ['-top', `-diff_base=${base}`], time: 0.1, memory: 0.25 },
];

/** What the system measured of one process. */
interface Run {
  /** How it ended where it did not end well, else ''. */
  readonly failure: string;
  readonly wall: number;
  /** Seconds of all cores, user and system. */
  readonly cpu: number;
  /** Peak resident memory in bytes. */
  readonly peak: number;
}

const folder = mkdtempSync(join(tmpdir(), 'stackpile-read-'));
const home = join(folder, 'home');
mkdirSync(home);

/** Runs a command with its output in a file; `gigabytes` bounds its address space, 0 does not. */
async function measure(command: readonly string[], output: string, gigabytes = 0): Promise<Run> {
  const figures = join(folder, 'figures');
  const errors = join(folder, 'errors');
  rmSync(figures, { force: true });
  const [out, err] = [openSync(output, 'w'), openSync(errors, 'w')];
  const limit = gigabytes > 0 ? `ulimit -v ${Math.round((gigabytes * 1e9) / 1024)}; ` : '';
  const started = performance.now();
  const child = spawn(
    'sh',
    ['-c', `${limit}exec "$@"`, 'sh', 'time', '-q', '-o', figures, '-f', '%U %S %M', ...command],
    { stdio: ['ignore', out, err], detached: true, env: { ...process.env, HOME: home } },
  );
  closeSync(out);
  closeSync(err);
  let late = false;
  const timer = setTimeout(() => {
    late = true;
    // The whole group: `time` does not pass a signal on.
    if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL');
  }, Number(options.minutes) * 60_000);
  const status = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  }).finally(() => clearTimeout(timer));
  // GNU time counts hundredths of a second only; the shell and it take some thousandths on both sides.
  const wall = (performance.now() - started) / 1000;
  const [user = NaN, system = NaN, kilobytes = NaN] = existsSync(figures)
    ? readFileSync(figures, 'utf8').trim().split(' ').map(Number)
    : [];
  const run = { wall, cpu: user + system, peak: kilobytes * 1024 };
  if (late) return { ...run, failure: `did not finish in ${options.minutes} minutes` };
  if (status === 0) return { ...run, failure: '' };
  const said = readFileSync(errors, 'utf8');
  if (/out of memory|cannot allocate memory/.test(said))
    return { ...run, failure: `was out of memory at ${gigabytes} GB of address space` };
  return { ...run, failure: `ended with status ${String(status)}: ${said.trim().split('\n', 1)[0] ?? ''}` };
}

function command(program: string, args: readonly string[]): string {
  const ran = spawnSync(program, args, { encoding: 'utf8', cwd: root });
  if (ran.status !== 0) {
    process.stderr.write(`${program} ${args.join(' ')} failed: ${ran.error?.message ?? ran.stderr}\n`);
    process.exit(2);
  }
  return ran.stdout.trim();
}

function median(numbers: readonly number[]): number {
  const sorted = [...numbers].sort((a, b) => a - b);
  return sorted[sorted.length >> 1] ?? NaN;
}
const middle = (runs: readonly Run[], of: (run: Run) => number): number => median(runs.map(of));
const seconds = (s: number): string => `${s.toFixed(s < 10 ? 2 : 1)} s`;
const mb = (bytes: number): string => `${Math.round(bytes / 1e6)} MB`;
/** Median and extremes of the quotients of runs that followed each other. */
function ratio(ours: readonly Run[], theirs: readonly Run[], of: (run: Run) => number): string {
  const all = ours.map((run, i) => of(run) / of(theirs[i] as Run));
  return `${median(all).toFixed(3)} (${Math.min(...all).toFixed(3)}…${Math.max(...all).toFixed(3)})`;
}

/** The profile of a size and variant, generated on first use. Its description is kept beside it. */
function profileFile(size: number, variant: number): { path: string; description: string } {
  const cache = join(root, '.cache', 'bench-profiles');
  mkdirSync(cache, { recursive: true });
  const path = join(cache, `${size}-${variant}.pb.gz`);
  const generator = fileURLToPath(new URL('generate-profile.ts', import.meta.url));
  const stamp = `${path}.txt`;
  const program = readFileSync(generator, 'utf8');
  const known = existsSync(path) && existsSync(stamp) ? readFileSync(stamp, 'utf8') : '';
  if (known.endsWith(program)) return { path, description: known.split('\n', 1)[0] ?? '' };
  const args = ['--conditions=stackpile-source', '--max-old-space-size=8000', generator];
  args.push('--mb', String(size), '--variant', String(variant), '--out', path, '--stamp', stamp);
  const printed = command(process.execPath, args);
  return { path, description: printed };
}

try {
  if (spawnSync('time', ['-q', '-f', '%M', 'true']).status !== 0) {
    process.stderr.write('GNU time is not installed: it measures the processes (apt-get install time)\n');
    process.exit(2);
  }
  // Go builds its tool on first use and keeps it; what is measured is the tool alone, without the `go` in front.
  const pprof = command('go', ['tool', '-n', 'pprof']);
  spawnSync(pprof, ['-h'], { stdio: 'ignore' });
  command(process.execPath, ['--conditions=stackpile-source', join(root, 'scripts/bundle.ts')]);
  const stackpile = [process.execPath, join(root, 'packages/cli/dist/bin/stackpile.js')];
  const chosen = options.reports.split(',').map((name) => {
    const found = reports.find((report) => report.name === name);
    if (found !== undefined) return found;
    process.stderr.write(`no report ${name}: there are ${reports.map((r) => r.name).join(', ')}\n`);
    return process.exit(2);
  });
  const bare = await measure([process.execPath, '-e', '0'], join(folder, 'out'));
  say(
    `${platform()} ${arch()}, ${cpus()[0]?.model ?? 'unknown CPU'} × ${cpus().length}, ${(totalmem() / 2 ** 30).toFixed(0)} GiB`,
  );
  say(
    `Node ${process.version} (bare: ${seconds(bare.wall)}, ${mb(bare.peak)}), ${command('go', ['version'])}`,
  );
  let unequal = 0;
  for (const size of options.sizes.split(',').map(Number)) {
    const main = profileFile(size, 1);
    const base = profileFile(size, 2);
    say(`\n${main.description}`);
    // Two rounds fill the caches, V8's compile cache among them.
    const zcat: Run[] = [];
    for (let round = -1; round < rounds; round++) {
      const run = await measure(['zcat', main.path], '/dev/null');
      if (round >= 0) zcat.push(run);
    }
    for (const { name, flags, time, memory } of chosen) {
      const args = [...flags(base.path), main.path];
      const ours: Run[] = [];
      const theirs: Run[] = [];
      let failure = '';
      let equal = true;
      await measure([...stackpile, ...args], join(folder, 'ours'));
      for (let round = 0; round < rounds && failure === ''; round++) {
        const own = await measure([...stackpile, ...args], join(folder, 'ours'));
        if (own.failure !== '') throw new Error(`stackpile ${args.join(' ')} ${own.failure}`);
        ours.push(own);
        const real = await measure([pprof, ...args], join(folder, 'theirs'), Number(options.gigabytes));
        failure = real.failure;
        if (failure !== '') break;
        theirs.push(real);
        equal &&= readFileSync(join(folder, 'ours')).equals(readFileSync(join(folder, 'theirs')));
      }
      const wall = (run: Run): number => run.wall;
      const peak = (run: Run): number => run.peak;
      const busy = (run: Run): number => run.cpu;
      const cpu = middle(ours, busy);
      const own = `${seconds(middle(ours, wall))} ${mb(middle(ours, peak))}`;
      if (failure !== '') {
        say(`  ${name.padEnd(5)} stackpile ${own}, pprof ${failure}`);
      } else {
        if (!equal) unequal++;
        say(
          `  ${name.padEnd(5)} stackpile ${own}, pprof ${seconds(middle(theirs, wall))} ${mb(middle(theirs, peak))}: ` +
            `time × ${ratio(ours, theirs, wall)}, CPU × ${ratio(ours, theirs, busy)}, ` +
            `memory × ${ratio(ours, theirs, peak)}; ` +
            `${size >= 20 ? `goals ${time} and ${memory}; ` : ''}output ${equal ? 'equal' : 'DIFFERS'}`,
        );
      }
      if (name !== 'top') continue;
      const samples = Number(/([\d,]+) samples/.exec(main.description)?.[1]?.replaceAll(',', '') ?? NaN);
      say(
        `        ${ratio(ours, zcat, wall)} × zcat (${seconds(middle(zcat, wall))}); ` +
          `${(size / (cpu - bare.cpu)).toFixed(0)} MB of profile per second of a core, ` +
          `${((middle(ours, peak) - bare.peak) / samples).toFixed(0)} bytes of memory per sample`,
      );
    }
  }
  if (unequal > 0) {
    say(`\n${unequal} outputs differ from pprof's`);
    process.exitCode = 1;
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
