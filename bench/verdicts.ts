// How often `stackpile leaks` is right, beside what else people do on the same programs: the largest count, what grew in every interval,
// Go's goroutineleak, the list of why-is-node-running, memlab. Usage: [--sample N] [--seed S] [--for SECONDS] [--only NAME…] [--write]
//
// Needs npm for the programs and the two packages, which are installed into the cache; Go, redis where the sample has programs for them.
import { execFile } from 'node:child_process';
import {
  closeSync,
  existsSync,
  fstatSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { cpus, loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { parseArgs, promisify } from 'node:util';
import { type Profile, readProfile } from '@stackpile/profile';
import { judge, type Outcome } from '../testing/judging/outcome.ts';
import { type Program, type ProgramSet, programSets } from '../testing/judging/program.ts';
import { haveGo, Workshop } from '../testing/judging/workshop.ts';
import { installOnce } from '../testing/nodes.ts';

const { values } = parseArgs({
  options: {
    sample: { type: 'string', default: '8' },
    seed: { type: 'string', default: '1' },
    for: { type: 'string', default: '60' },
    only: { type: 'string', multiple: true, default: [] },
    write: { type: 'boolean', default: false },
  },
});
const seconds = Number(values.for);
/** Shares of the time after which each judge is asked. */
const checkpoints = [0.5, 1];
const LOOKS = 12;

/** What a judge says of a program: whom it blames, '' where nobody; null where it cannot be asked. */
type Said = string | null;

/** The same at each checkpoint. */
type Answers = readonly Outcome[] | null;

const judges = [
  'stackpile leaks',
  'largest count',
  'grew in every interval',
  'goroutineleak',
  'why-is-node-running',
  'memlab',
] as const;
type Judge = (typeof judges)[number];

function outcomeOf({ truth }: Program, said: string): Outcome {
  if (truth.kind === 'trap') return said === '' ? 'right' : 'wrong';
  if (said === '') return 'NO';
  return truth.blame.test(said) ? 'right' : 'wrong';
}

/** Values by stack, of the sample type that the profile shows by itself. */
function stacksOf(profile: Profile): Map<string, number> {
  const { samples, locations, functions, strings } = profile;
  const type = Math.max(
    0,
    profile.sampleTypes.findIndex((one) => one.type === profile.defaultSampleType),
  );
  const sums = new Map<string, number>();
  for (let i = 0; i < samples.length; i++) {
    const names: string[] = [];
    for (let at = samples.stackStart[i] ?? 0; at < (samples.stackStart[i + 1] ?? 0); at++) {
      const line = locations.lineStart[samples.stackLocations[at] ?? 0] ?? 0;
      names.push(strings.get(functions.name[locations.lines.function[line] ?? 0] ?? 0));
    }
    const key = names.join(' < ');
    sums.set(key, (sums.get(key) ?? 0) + Number(samples.values[type]?.[i] ?? 0));
  }
  return sums;
}

async function look(source: string): Promise<Map<string, number>> {
  const base = source.replace(/\/(?:debug\/pprof\/?)?$/u, '');
  const response = await fetch(`${base}/debug/pprof/goroutine`);
  return stacksOf(await readProfile(new Uint8Array(await response.arrayBuffer())));
}

function largest(looks: readonly ReadonlyMap<string, number>[]): string {
  const [[name] = ['']] = [...(looks.at(-1) ?? [])].sort((a, b) => b[1] - a[1]);
  return name;
}

function grewAlways(looks: readonly ReadonlyMap<string, number>[]): string {
  const last = looks.at(-1) ?? new Map<string, number>();
  const growth = [...last.keys()].flatMap((name) => {
    const series = looks.map((one) => one.get(name) ?? 0);
    const grows = looks.length > 2 && series.every((value, i) => i === 0 || value > (series[i - 1] ?? 0));
    return grows ? [{ name, by: (series.at(-1) ?? 0) - (series[0] ?? 0) }] : [];
  });
  return growth.sort((a, b) => b.by - a.by)[0]?.name ?? '';
}

/** The function that a line stands in, as far as its indentation tells. */
function around(text: string, line: number): string {
  const lines = text.split('\n');
  const indent = (row: string): number => row.length - row.trimStart().length;
  const names: string[] = [];
  let depth = indent(lines[line - 1] ?? '');
  for (let i = line - 1; i >= 0; i--) {
    const row = lines[i] ?? '';
    if (row.trim() === '' || (indent(row) >= depth && i !== line - 1)) continue;
    depth = indent(row);
    names.push(...(row.match(/[\w$]+/gu) ?? []));
  }
  return names.join(' ');
}

/** The place that why-is-node-running lists most often, as the words around it; '' where it lists nothing twice. */
function mostListed(list: string, text: string, file: string): string {
  const counts = new Map<number, number>();
  for (const block of list.split(/^# /mu).slice(1)) {
    const line = Number(new RegExp(`${file.replaceAll('.', '\\.')}:(\\d+)`, 'u').exec(block)?.[1] ?? 0);
    if (line > 0) counts.set(line, (counts.get(line) ?? 0) + 1);
  }
  const [[line, count] = [0, 0]] = [...counts].sort((a, b) => b[1] - a[1]);
  return count < 2 ? '' : around(text, line);
}

async function memlab(folder: string, snapshots: readonly string[]): Promise<Said> {
  const script = fileURLToPath(new URL('verdicts-memlab.ts', import.meta.url));
  try {
    const { stdout } = await promisify(execFile)(
      process.execPath,
      ['--conditions=stackpile-source', script, folder, ...snapshots],
      {
        timeout: 300_000,
        maxBuffer: 2 ** 26,
      },
    );
    const found = JSON.parse(/^FOUND (.*)$/mu.exec(stdout)?.[1] ?? 'null') as {
      leaks: number;
      text: string;
    } | null;
    return found === null ? null : found.leaks === 0 ? '' : found.text;
  } catch {
    return null;
  }
}

/** What another process does takes as long as it takes, on a machine that is busy. */
const PATIENCE_MS = 60_000;

/** Waits until something is so; throws where it is not after a while. */
async function until(isSo: () => boolean): Promise<void> {
  const end = Date.now() + PATIENCE_MS;
  while (!isSo()) {
    if (Date.now() > end) throw new Error('it took too long');
    await delay(50);
  }
}

/** Whether a heap snapshot is written to its end. */
function isWhole(path: string): boolean {
  const file = openSync(path, 'r');
  try {
    const end = Buffer.alloc(2);
    const { size } = fstatSync(file);
    return size > 2 && readSync(file, end, 0, 2, size - 2) === 2 && /\]\}|\}\n/u.test(end.toString('latin1'));
  } finally {
    closeSync(file);
  }
}

/** Runs a program and asks everybody but us. */
async function peers(
  workshop: Workshop,
  set: ProgramSet,
  program: Program,
  packages: string,
): Promise<Record<Exclude<Judge, 'stackpile leaks'>, Answers>> {
  const folder = mkdtempSync(join(tmpdir(), 'stackpile-verdicts-'));
  const lists = join(folder, 'why.txt');
  const preload = join(folder, 'why.mjs');
  const why = pathToFileURL(join(packages, 'why-is-node-running/index.js')).href;
  writeFileSync(
    preload,
    `import why from ${JSON.stringify(why)};
import { renameSync, writeFileSync } from 'node:fs';
let asked = 0;
process.on('SIGHUP', () => {
  const lines = [];
  why({ error: (line) => lines.push(line) });
  writeFileSync(${JSON.stringify(lists)} + '.part', lines.join('\\n'));
  renameSync(${JSON.stringify(lists)} + '.part', ${JSON.stringify(lists)} + '.' + asked++);
});
`,
  );
  const isNode = program.language === 'node';
  const text = readFileSync(join(set.folder, program.file), 'utf8');
  const flags = ['--import', preload, '--heapsnapshot-signal=SIGUSR2', `--diagnostic-dir=${folder}`];
  const looks: Map<string, number>[] = [];
  const said: Record<Exclude<Judge, 'stackpile leaks'>, Said[]> = {
    'largest count': [],
    'grew in every interval': [],
    goroutineleak: [],
    'why-is-node-running': [],
    memlab: [],
  };
  const snapshots = (): string[] =>
    readdirSync(folder)
      .filter((one) => one.endsWith('.heapsnapshot'))
      .sort()
      .map((one) => join(folder, one));
  const visit = async ({ source, pid }: { source: string; pid: number }): Promise<void> => {
    const base = source.replace(/\/(?:debug\/pprof\/?)?$/u, '');
    const begun = Date.now();
    for (let turn = 1; turn <= LOOKS; turn++) {
      await delay(begun + (turn * seconds * 1000) / LOOKS - Date.now());
      looks.push(await look(source));
      if (isNode && turn % (LOOKS / 4) === 1) {
        const before = snapshots().length;
        process.kill(pid, 'SIGUSR2');
        await until(() => snapshots().length > before && isWhole(snapshots().at(-1) ?? ''));
      }
      if (!checkpoints.includes(turn / LOOKS)) continue;
      said['largest count'].push(largest(looks));
      said['grew in every interval'].push(grewAlways(looks));
      if (isNode) {
        const list = `${lists}.${said['why-is-node-running'].length}`;
        process.kill(pid, 'SIGHUP');
        await until(() => existsSync(list));
        said['why-is-node-running'].push(mostListed(readFileSync(list, 'utf8'), text, program.file));
        continue;
      }
      const response = await fetch(`${base}/debug/pprof/goroutineleak`);
      const leaked = response.ok
        ? stacksOf(await readProfile(new Uint8Array(await response.arrayBuffer())))
        : null;
      said.goroutineleak.push(leaked === null ? null : [...leaked.keys()].join(' '));
    }
  };
  try {
    await workshop.visit(set, program, 'agent', visit, isNode ? flags : []);
    const taken = snapshots();
    const [first = '', second = '', third = ''] = [
      taken[0],
      taken[Math.floor(taken.length / 2)],
      taken.at(-1),
    ];
    // It wants three snapshots: half-way there are not enough of them.
    if (isNode && taken.length > 2) said.memlab.push('', await memlab(packages, [first, second, third]));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  const answersOf = (all: readonly Said[]): Answers =>
    all.length === 0 || all.includes(null) ? null : all.map((one) => outcomeOf(program, one ?? ''));
  return {
    'largest count': answersOf(said['largest count']),
    'grew in every interval': answersOf(said['grew in every interval']),
    goroutineleak: answersOf(said.goroutineleak),
    'why-is-node-running': answersOf(said['why-is-node-running']),
    memlab: answersOf(said.memlab),
  };
}

/** Ours at each checkpoint, each on a run of its own. */
async function ours(workshop: Workshop, set: ProgramSet, program: Program): Promise<Answers> {
  return Promise.all(
    checkpoints.map(async (share) => {
      const ran = await workshop.run(set, program, 'agent', Math.round(seconds * share));
      return judge(program.truth, ran).outcome;
    }),
  );
}

/** A generator of numbers below 1, by the algorithm mulberry32. */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

function sampled(): { readonly set: ProgramSet; readonly program: Program }[] {
  const all = programSets()
    .flatMap((set) => set.programs.map((program) => ({ set, program })))
    .filter(({ program }) => program.language === 'node' || haveGo);
  if (values.only.length > 0) return all.filter(({ program }) => values.only.includes(program.name));
  const random = seeded(Number(values.seed));
  return all
    .map((one) => ({ one, at: random() }))
    .sort((a, b) => a.at - b.at)
    .slice(0, Number(values.sample))
    .map(({ one }) => one);
}

function percent(part: number, whole: number): string {
  return whole === 0 ? '–' : `${Math.round((100 * part) / whole)} %`;
}

function rowOf(
  name: Judge,
  programs: readonly { readonly program: Program; readonly answers: Answers }[],
): string {
  const asked = programs.flatMap(({ program, answers }) => (answers === null ? [] : [{ program, answers }]));
  const last = asked.map(({ program, answers }) => ({ program, outcome: answers.at(-1) ?? 'error' }));
  const leaks = last.filter(({ program }) => program.truth.kind === 'leak');
  const right = leaks.filter(({ outcome }) => outcome === 'right').length;
  const convicted = leaks.filter(({ outcome }) => ['right', 'wrong', 'L'].includes(outcome)).length;
  const wronged = last.filter(
    ({ program, outcome }) => program.truth.kind === 'trap' && outcome === 'wrong',
  ).length;
  const times = asked
    .filter(({ program }) => program.truth.kind === 'leak')
    .map(({ answers }) =>
      answers.findIndex(
        (outcome, i) => answers.slice(i).every((one) => one === 'right') && outcome === 'right',
      ),
    )
    .filter((at) => at >= 0)
    .map((at) => (checkpoints[at] ?? 1) * seconds)
    .sort((a, b) => a - b);
  const median = times.length === 0 ? '–' : `${String(times[Math.floor((times.length - 1) / 2)])} s`;
  return `| ${name} | ${asked.length} | ${percent(right, convicted + wronged)} | ${percent(right, leaks.length)} | ${median} |`;
}

process.env['GOEXPERIMENT'] ??= 'goroutineleakprofile';
process.env['PUPPETEER_SKIP_DOWNLOAD'] ??= '1';
const programs = sampled();
const packages = installOnce('verdicts', { memlab: '2.0.5', 'why-is-node-running': '3.2.3' });
const workshop = new Workshop(process.execPath);
const answered: { readonly program: Program; readonly by: Record<Judge, Answers> }[] = [];
console.log(`${programs.length} programs, ${seconds} s each; load ${(loadavg()[0] ?? 0).toFixed(1)}`);
try {
  await workshop.prepare([...new Set(programs.map(({ set }) => set))]);
  for (const { set, program } of programs) {
    try {
      const [own, others] = await Promise.all([
        ours(workshop, set, program),
        peers(workshop, set, program, packages),
      ]);
      const by = { 'stackpile leaks': own, ...others };
      answered.push({ program, by });
      console.log(
        `${program.name} (${program.truth.kind}): ${judges.map((one) => `${one} ${by[one]?.join(', ') ?? '–'}`).join('; ')}`,
      );
    } catch (error) {
      console.log(`${program.name}: left out: ${String(error).split('\n', 1).join('')}`);
    }
  }
} finally {
  await workshop.close();
}
const table = [
  '| judge | asked of | precision | recall | right from, median |',
  '|---|---|---|---|---|',
  ...judges.map((one) =>
    rowOf(
      one,
      answered.map(({ program, by }) => ({ program, answers: by[one] })),
    ),
  ),
].join('\n');
const leaks = answered.filter(({ program }) => program.truth.kind === 'leak').length;
const load = (loadavg()[0] ?? 0).toFixed(1);
const day = new Date().toISOString().slice(0, 10);
const about = `${day}: ${leaks} leaks and ${answered.length - leaks} traps (seed ${values.seed}), ${seconds} s each, Node ${process.version}, ${cpus().length} cores with a load of ${load}:`;
console.log(`\n${about}\n\n${table}`);
if (values.write) write(`${about}\n\n${table}`);

/** Puts the table between its marks. */
function write(text: string): void {
  const page = fileURLToPath(new URL('../docs/verdicts.md', import.meta.url));
  const old = readFileSync(page, 'utf8');
  const marks = ['<!-- bench/verdicts: begin -->', '<!-- bench/verdicts: end -->'] as const;
  const [begin, end] = [old.indexOf(marks[0]), old.indexOf(marks[1])];
  if (begin < 0 || end < begin) throw new Error(`${page} has not both marks: ${marks.join(' ')}`);
  writeFileSync(page, `${old.slice(0, begin)}${marks[0]}\n\n${text}\n\n${old.slice(end)}`);
}
