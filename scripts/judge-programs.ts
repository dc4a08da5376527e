// Runs programs that leak, or only look as if, and judges each as a person does who knows nothing: `stackpile leaks URL` and `pid:N`.
//
// node --conditions=stackpile-source scripts/run.mjs scripts/judge-programs.ts [--only NAME…] [--mode agent|pid] [--for SECONDS]
//   [--part 2/3] [--parallel N] [--node MAJOR] [--keep DIR] [--from DIR [--again]] [--write]
//
// --part 2/3 takes a third of them, always the same one: the second. --keep DIR keeps what each command printed, and what it was told at each look; --from DIR judges what was kept, and runs nothing:
// with --again the looks, by the rules as they are now. --write puts the table into docs/verdicts.md. The exit status says whether nothing that leaks is acquitted, no trap convicted, and enough found.
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { parseArgs } from 'node:util';
import { isGoodEnough, judge, type Judgement, type Ran, tally } from '../testing/judging/outcome.ts';
import { type Program, type ProgramSet, programSets } from '../testing/judging/program.ts';
import { canJudge, haveGo, type Mode, modes, Workshop } from '../testing/judging/workshop.ts';
import { nodeOf } from '../testing/nodes.ts';
import { root } from './house.ts';
import { replay } from './looks/replay.ts';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    only: { type: 'string', multiple: true, default: [] },
    mode: { type: 'string', multiple: true, default: [] },
    for: { type: 'string', default: '60' },
    parallel: { type: 'string', default: '2' },
    node: { type: 'string' },
    keep: { type: 'string' },
    from: { type: 'string' },
    again: { type: 'boolean', default: false },
    part: { type: 'string', default: '1/1' },
    write: { type: 'boolean', default: false },
  },
});

interface Job {
  readonly set: ProgramSet;
  readonly program: Program;
  readonly mode: Mode;
}

interface Judged extends Job, Judgement {}

function wrongUse(message: string): never {
  console.error(message);
  process.exit(2);
}

function numberOf(option: string, text: string): number {
  const number = Number(text.replace(/s$/u, ''));
  return Number.isInteger(number) && number > 0 ? number : wrongUse(`--${option} ${text}: a whole number`);
}

/** The programs to judge; names may follow `--only` without it. */
function wantedSets(): ProgramSet[] {
  const only = new Set([...values.only, ...positionals]);
  const all = programSets();
  const known = new Set(all.flatMap(({ programs }) => programs.map(({ name }) => name)));
  for (const name of only)
    if (!known.has(name)) wrongUse(`no program ${name}; there are ${[...known].join(', ')}`);
  return all.map((set) => ({
    ...set,
    programs: set.programs.filter(({ name }) => only.size === 0 || only.has(name)),
  }));
}

function wantedModes(): Mode[] {
  const wanted = modes.filter((mode) => values.mode.length === 0 || values.mode.includes(mode));
  for (const mode of values.mode)
    if (!wanted.some((one) => one === mode)) wrongUse(`--mode ${mode}: ${modes.join(' or ')}`);
  return wanted;
}

/** Whether a job belongs to the part that is wanted: as good as drawn, and the same in every run. */
function isInPart(mode: Mode, name: string): boolean {
  const [part = 0, parts = 0] = values.part.split('/').map((text) => numberOf('part', text));
  const drawn = createHash('sha256').update(`${mode} ${name}`).digest().readUInt32LE(0);
  return parts > 0 ? drawn % parts === part - 1 : wrongUse(`--part ${values.part}: as 2/3`);
}

function jobsOf(sets: readonly ProgramSet[]): Job[] {
  return wantedModes().flatMap((mode) =>
    sets.flatMap((set) =>
      set.programs
        .filter((program) => canJudge(program, mode) && isInPart(mode, program.name))
        .map((program) => ({ set, program, mode })),
    ),
  );
}

/** Where the report of a run is kept; beside it, as `.err`, its exit status and what else it said. */
function keptIn(folder: string, { program, mode }: Job): string {
  return join(folder, `${program.name.replaceAll('/', '-')}.${mode}.json`);
}

function keep(folder: string, job: Job, ran: Ran): void {
  mkdirSync(folder, { recursive: true });
  writeFileSync(keptIn(folder, job), ran.stdout);
  writeFileSync(`${keptIn(folder, job)}.err`, `${ran.status ?? 'killed'}\n${ran.stderr}`);
}

/** The looks of a run. */
function looksIn(folder: string, job: Job): string {
  return keptIn(folder, job).replace(/json$/u, 'looks');
}

/** Has the command keep what it is told. */
function keepingLooks(folder: string, job: Job): Record<string, string> {
  mkdirSync(folder, { recursive: true });
  const path = looksIn(folder, job);
  rmSync(path, { force: true });
  return {
    STACKPILE_LOOKS: path,
    NODE_OPTIONS: `--conditions=stackpile-source --import=${new URL('looks/record.ts', import.meta.url).href}`,
  };
}

function judgedAgain(folder: string, job: Job): Ran | null {
  const path = looksIn(folder, job);
  if (!existsSync(path)) return null;
  const stdout = replay(path, job.mode === 'pid');
  const { exitStatus } = JSON.parse(stdout) as { exitStatus: number };
  return { status: exitStatus, stdout, stderr: '' };
}

function kept(folder: string, job: Job): Ran | null {
  const path = keptIn(folder, job);
  if (values.again) return judgedAgain(folder, job);
  if (!existsSync(path)) return null;
  const [status = '', ...stderr] = readFileSync(`${path}.err`, 'utf8').split('\n');
  return {
    status: status === 'killed' ? null : Number(status),
    stdout: readFileSync(path, 'utf8'),
    stderr: stderr.join('\n'),
  };
}

function report(job: Job, ran: Ran): Judged {
  const judgement = judge(job.program.truth, ran);
  const { program, mode } = job;
  const line = `${judgement.outcome.padEnd(7)}${mode.padEnd(6)} ${program.name.padEnd(24)} ${judgement.said}`;
  console.log(line.length > 200 ? `${line.slice(0, 199)}…` : line);
  return { ...job, ...judgement };
}

/** Runs jobs, `parallel` of them at a time. */
async function judgeAll(jobs: readonly Job[], workshop: Workshop): Promise<Judged[]> {
  const waiting = [...jobs];
  const judged: Judged[] = [];
  const seconds = numberOf('for', values.for);
  const worker = async (): Promise<void> => {
    for (let job = waiting.shift(); job !== undefined; job = waiting.shift()) {
      let ran: Ran;
      try {
        const env = values.keep === undefined ? {} : keepingLooks(values.keep, job);
        ran = await workshop.run(job.set, job.program, job.mode, seconds, env);
      } catch (error) {
        ran = { status: null, stdout: '', stderr: error instanceof Error ? error.message : String(error) };
      }
      if (workshop.isClosed) break;
      if (values.keep !== undefined) keep(values.keep, job, ran);
      judged.push(report(job, ran));
    }
  };
  await Promise.all(Array.from({ length: numberOf('parallel', values.parallel) }, worker));
  return judged;
}

async function runAll(sets: readonly ProgramSet[], jobs: readonly Job[]): Promise<Judged[]> {
  const workshop = new Workshop(
    values.node === undefined ? process.execPath : nodeOf(numberOf('node', values.node)),
  );
  for (const [signal, number] of [
    ['SIGINT', 2],
    ['SIGTERM', 15],
    ['SIGHUP', 1],
  ] as const)
    process.once(signal, () => void workshop.close().finally(() => process.exit(128 + number)));
  try {
    await workshop.prepare(sets);
    return await judgeAll(jobs, workshop);
  } finally {
    await workshop.close();
  }
}

function percent(part: number, whole: number): string {
  return whole === 0 ? '–' : `${Math.round((100 * part) / whole)} %`;
}

/** One line for each mode. */
function summary(judged: readonly Judged[]): string[] {
  return modes.flatMap((mode) => {
    const of = judged.filter((one) => one.mode === mode);
    if (of.length === 0) return [];
    const sum = tally(of.map(({ program, outcome }) => ({ truth: program.truth, outcome })));
    return [
      `${mode}: ${sum.leaks} leaks, ${sum.acquitted} acquitted, ${percent(sum.convicted, sum.leaks)} convicted, ` +
        `${percent(sum.withLine, sum.leaks)} with the line; ${sum.traps} traps, ${sum.trapsConvicted} convicted` +
        (sum.errors === 0 ? '' : `; ${sum.errors} without a verdict`),
    ];
  });
}

function table(judged: readonly Judged[]): string {
  const names = [...new Set(judged.map(({ program }) => program.name))].sort();
  const rows = names.map((name) => {
    const of = judged.filter(({ program }) => program.name === name);
    const kind = of[0]?.program.truth.kind ?? '';
    const cells = modes.map((mode) => of.find((one) => one.mode === mode)?.outcome ?? '–');
    return `| ${name} | ${kind} | ${cells.join(' | ')} |`;
  });
  return [`| program | is a | ${modes.join(' | ')} |`, '|---|---|---|---|', ...rows].join('\n');
}

const marks = ['<!-- judge-programs: begin -->', '<!-- judge-programs: end -->'] as const;

/** Puts the table between its marks. */
function write(judged: readonly Judged[]): void {
  const page = join(root, 'docs/verdicts.md');
  const text = readFileSync(page, 'utf8');
  const [begin, end] = [text.indexOf(marks[0]), text.indexOf(marks[1])];
  if (begin < 0 || end < begin) throw new Error(`${page} has not both marks: ${marks.join(' ')}`);
  const lines = summary(judged).map((line) => `- ${line}`);
  const inside = [marks[0], '', ...lines, '', table(judged), '', marks[1]].join('\n');
  writeFileSync(page, text.slice(0, begin) + inside + text.slice(end + marks[1].length));
}

const sets = wantedSets();
const all = jobsOf(sets);
const jobs = all.filter(({ program }) => program.language === 'node' || haveGo);
if (jobs.length < all.length) console.log('Go is missing: its programs are left out');
const from = values.from;
const judged =
  from === undefined
    ? await runAll(sets, jobs)
    : jobs.flatMap((job) => {
        const ran = kept(from, job);
        return ran === null ? [] : [report(job, ran)];
      });
console.log(summary(judged).join('\n'));
if (values.write) write(judged);
const good = modes.every((mode) => {
  const of = judged.filter((one) => one.mode === mode);
  return isGoodEnough(tally(of.map(({ program, outcome }) => ({ truth: program.truth, outcome }))));
});
process.exitCode = good && judged.length > 0 ? 0 : 1;
