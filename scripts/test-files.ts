// Runs test files with node:test, says in which of them a test failed, and runs those that failed once more if asked.
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join, relative, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { root } from './house.ts';

/** A file that takes longer hangs: the suite ends and says which. */
const FILE_TIMEOUT_MS = 10 * 60_000;
/** More files than that do not fail by chance. */
const MOST_AGAIN = 6;
const REPORTER = pathToFileURL(join(root, 'scripts/outcome-reporter.mjs')).href;

/** What `outcome-reporter.mjs` says: files with a failing test, by the paths that node:test gives, and the number of tests that passed. */
interface Outcomes {
  failed: string[];
  passed: number;
}

export interface TestRun {
  /** The Node that runs them. */
  node: string;
  /** What it needs before `--test`, as `--import=…` where it cannot read types. */
  nodeOptions?: readonly string[];
  /** Relative to the root. */
  files: readonly string[];
  /** Options of node:test. */
  options?: readonly string[];
  env?: NodeJS.ProcessEnv;
  /** Whether files with a failing test run once more, alone, when all others have ended: what fails twice fails. */
  again?: boolean;
  /** At most so many files at a time; two on two cores if not given. */
  concurrency?: number;
  /** Where what they print goes; stdout if not given. */
  print?: (text: string) => void;
}

/** Files relative to the root. */
export interface TestOutcome extends Outcomes {
  ok: boolean;
  /** Those that failed, and passed when they ran alone: each is a defect of a test, and is told. */
  flaky: string[];
}

/** Runs the files. Signals that end this process end them. */
export async function runTestFiles(run: TestRun): Promise<TestOutcome> {
  const print = run.print ?? ((text) => process.stdout.write(text));
  const first = await runOnce(run);
  const known = first.failed.every((file) => run.files.includes(file));
  if (
    first.ok ||
    run.again !== true ||
    !known ||
    first.failed.length === 0 ||
    first.failed.length > MOST_AGAIN
  )
    return { ...first, flaky: [] };
  print(`once more, alone: ${first.failed.join(', ')}\n`);
  const second = await runOnce({ ...run, files: first.failed, concurrency: 1 });
  const flaky = first.failed.filter((file) => !second.failed.includes(file));
  for (const file of flaky) print(`flaky: ${file} failed, and passed when it ran alone\n`);
  return { ...first, ok: second.ok, failed: second.failed, passed: first.passed + second.passed, flaky };
}

async function runOnce(run: TestRun): Promise<Outcomes & { ok: boolean }> {
  const folder = mkdtempSync(join(tmpdir(), 'stackpile-outcome-'));
  const outcome = join(folder, 'outcome.json');
  try {
    const child = spawn(
      run.node,
      [
        ...(run.nodeOptions ?? []),
        '--conditions=stackpile-source',
        '--test',
        `--test-concurrency=${run.concurrency ?? Math.min(4, availableParallelism())}`,
        `--test-timeout=${FILE_TIMEOUT_MS}`,
        '--test-reporter=spec',
        '--test-reporter-destination=stdout',
        `--test-reporter=${REPORTER}`,
        `--test-reporter-destination=${outcome}`,
        ...(run.options ?? []),
        ...run.files,
      ],
      {
        cwd: root,
        stdio: run.print === undefined ? 'inherit' : ['ignore', 'pipe', 'pipe'],
        env: run.env ?? process.env,
      },
    );
    for (const stream of [child.stdout, child.stderr])
      stream?.setEncoding('utf8').on('data', (text: string) => run.print?.(text));
    const status = await ended(child);
    return { ok: status === 0, ...outcomesIn(outcome) };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** How a child ended; a signal to end this process is passed on to it. */
function ended(child: ChildProcess): Promise<number> {
  const pass = (signal: NodeJS.Signals): boolean => child.kill(signal);
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, pass);
  return new Promise((resolved, reject) => {
    child.once('error', reject);
    child.once('close', (code) => {
      for (const signal of ['SIGINT', 'SIGTERM'] as const) process.off(signal, pass);
      resolved(code ?? 1);
    });
  });
}

/** What the reporter wrote; nothing where it did not come so far. */
function outcomesIn(file: string): Outcomes {
  try {
    const { failed, passed } = JSON.parse(readFileSync(file, 'utf8')) as Outcomes;
    return { failed: failed.map(fromRoot).sort(), passed };
  } catch {
    return { failed: [], passed: 0 };
  }
}

function fromRoot(file: string): string {
  return relative(root, resolve(root, file)).replaceAll('\\', '/');
}
