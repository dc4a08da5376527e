// True lines under every loader: the wait, the allocation and the hot function stand where they were written, or it says otherwise.
import assert from 'node:assert/strict';
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { type Profile, readProfile } from '@stackpile/profile';
import { unlessCi } from '../../../../testing/ci.ts';
import { installOnce, nodeOf } from '../../../../testing/nodes.ts';
import { type InspectorCaptures, openInspectorTarget } from '../../../sources/src/process/captures.ts';
import { type Case, cases, tools } from './cases.ts';

const root = fileURLToPath(new URL('../../../..', import.meta.url));
const program = fileURLToPath(new URL('program.ts', import.meta.url));
const text = readFileSync(program, 'utf8').split('\n');
const lineOf = (mark: string): number => text.findIndex((line) => line.includes(mark)) + 1;
const waits = lineOf('// waits');
const allocates = lineOf('/* allocates */');
const spins = lineOf('/* spins */');
const spinsOn = lineOf('// spins on');

const majors =
  process.env['STACKPILE_TEST_NODE'] === undefined
    ? [20, 24]
    : [
        Number(
          /v(\d+)/u.exec(execFileSync(process.env['STACKPILE_TEST_NODE'], ['-v'], { encoding: 'utf8' }))?.[1],
        ),
      ];

/** What stops the test on this machine: no npm to get the loaders from. */
let missing: string | false = false;
let modules = '';
/** Where the loaders keep what they compiled: gone with the test. */
const caches = mkdtempSync(join(tmpdir(), 'stackpile-loaders-'));
after(() => rmSync(caches, { recursive: true, force: true }));
try {
  modules = installOnce('loaders', tools);
  for (const major of majors) nodeOf(major);
} catch (error) {
  missing = `the loaders cannot be had from npm: ${String(error).split('\n')[0]}`;
}
const skip = unlessCi(missing || (process.platform === 'linux' ? false : 'reads /proc to find ports'));

/** A sample as `value: function file:line < …`, those first that weigh most, and its labels. */
interface Row {
  readonly value: number;
  readonly frames: readonly { readonly name: string; readonly file: string; readonly line: number }[];
  readonly position: string;
}

function rowsOf(profile: Profile, type: string): Row[] {
  const { samples, locations, functions, strings } = profile;
  const column = samples.values[profile.sampleTypes.findIndex((one) => one.type === type)];
  assert.ok(column !== undefined, `${type} in ${profile.sampleTypes.map((one) => one.type).join(' ')}`);
  const rows = Array.from({ length: samples.length }, (_, row): Row => {
    const stack = samples.stackLocations.slice(samples.stackStart[row], samples.stackStart[row + 1]);
    const frames = Array.from(stack, (location) => {
      const line = locations.lineStart[location] as number;
      const fn = locations.lines.function[line] as number;
      return {
        name: strings.get(functions.name[fn] as number),
        file: strings.get(functions.filename[fn] as number),
        line: Number(locations.lines.line[line]),
      };
    });
    let position = '';
    for (let at = samples.labelStart[row] as number; at < (samples.labelStart[row + 1] as number); at++)
      if (strings.get(samples.labels.key[at] as number) === 'position')
        position = strings.get(samples.labels.text[at] as number);
    return { value: Number(column[row]), frames, position };
  });
  return rows.filter(({ value }) => value > 0).sort((a, b) => b.value - a.value);
}

/** The innermost frames in the program of all samples that are its own, as `line`. */
function ownLines(rows: readonly Row[], file: RegExp): number[] {
  return rows.flatMap(({ frames }) => frames.find((frame) => file.test(frame.file))?.line ?? []);
}

interface Running {
  readonly port: number;
  readonly pid: number;
  readonly child: ChildProcess;
  /** What it has written to its standard error so far. */
  errors(): string;
}

async function run(one: Case, node: string, folder: string): Promise<Running> {
  writeFileSync(join(folder, 'package.json'), `{"type":"${one.module === 'esm' ? 'module' : 'commonjs'}"}`);
  const [module, moduleResolution] = one.module === 'esm' ? ['nodenext', 'nodenext'] : ['commonjs', 'node10'];
  const compilerOptions = {
    target: 'es2022',
    module,
    moduleResolution,
    strict: true,
    lib: ['es2023', 'dom'],
  };
  writeFileSync(
    join(folder, 'tsconfig.json'),
    JSON.stringify({ compilerOptions: { ...compilerOptions, types: [] }, files: ['program.ts'] }),
  );
  cpSync(program, join(folder, 'program.ts'));
  const args = ['--inspect-port=0', '--no-use-osr', '-r', join(folder, '..', 'agent.cjs')];
  const child = spawn(node, [...args, ...one.start(folder, modules)], {
    cwd: folder,
    env: { ...process.env, NODE_OPTIONS: '', TS_NODE_TRANSPILE_ONLY: '1', TMPDIR: caches },
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
  });
  let errors = '';
  child.stderr?.on('data', (chunk: Buffer) => (errors += chunk.toString()));
  const ended = once(child, 'exit').then(() => Promise.reject(new Error(`it ended: ${errors}`)));
  ended.catch(() => undefined);
  const [{ port, pid }] = (await Promise.race([once(child, 'message'), ended])) as [
    { port: number; pid: number },
  ];
  child.send('start');
  return { port, pid, child, errors: () => errors };
}

/** Until the program itself runs, and not only what was loaded before it. */
async function untilItWaits(port: number): Promise<void> {
  for (let i = 0; i < 200; i++) {
    const answer = await fetch(`http://127.0.0.1:${port}/debug/pprof/goroutine?debug=1`);
    if (/program/u.test(await answer.text())) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  assert.fail('the program does not run');
}

type Source = (what: 'goroutine' | 'heap' | 'profile') => Promise<Profile>;

const fromAgent =
  ({ port }: Running): Source =>
  async (what) => {
    const query = what === 'profile' ? '?seconds=1' : what === 'heap' ? '?gc=1' : '';
    const answer = await fetch(`http://127.0.0.1:${port}/debug/pprof/${what}${query}`);
    assert.equal(answer.status, 200);
    return readProfile(new Uint8Array(await answer.arrayBuffer()));
  };

const fromOutside =
  (captures: InspectorCaptures): Source =>
  (what) => {
    if (what === 'goroutine') return captures.goroutine();
    return what === 'heap' ? captures.heap(1) : captures.cpu(1);
  };

async function check(one: Case, source: Source): Promise<void> {
  const tasks = await source('goroutine');
  const waiting = rowsOf(tasks, 'goroutine');
  const heap = rowsOf(await source('heap'), 'inuse_space');
  const cpu = rowsOf(await source('profile'), 'samples');
  const own = one.told === 'true' ? /[/\\]?program\.ts$/u : /[/\\]?program\.(?:ts \[compiled\]|m?js)$/u;
  const shown = JSON.stringify({
    cpu: cpu[0],
    waiting: waiting[0],
    heap: heap.find(({ frames }) => frames.some((frame) => own.test(frame.file))),
    comments: tasks.comments,
  });
  if (one.told === 'true') {
    assert.deepEqual(new Set(ownLines(waiting, own)), new Set([waits]), shown);
    assert.equal(ownLines(heap, own)[0], allocates, shown);
    const hot = ownLines(cpu, own);
    assert.ok(hot[0] === spinsOn || hot[0] === spins, shown);
    assert.deepEqual(
      hot.filter((line) => line < spins || line > text.length),
      [],
      shown,
    );
    assert.ok(![...waiting, ...heap, ...cpu].some(({ position }) => position !== ''), shown);
    assert.ok(!tasks.comments.some((comment) => comment.includes('compiled')), shown);
    return;
  }
  for (const rows of [waiting, heap, cpu]) {
    const mine = rows.filter(({ frames }) => frames.some((frame) => own.test(frame.file)));
    assert.ok(mine.length > 0, shown);
    assert.ok(
      mine.every(({ position }) => position === 'compiled'),
      shown,
    );
  }
  const files = waiting.flatMap(({ frames }) => frames.map((frame) => frame.file));
  assert.ok(
    files.some((file) =>
      (one.told === 'marked' ? /program\.ts \[compiled\]$/u : /program\.m?js$/u).test(file),
    ),
    shown,
  );
  assert.ok(!files.some((file) => file.endsWith('program.ts')), shown);
  assert.ok(
    tasks.comments.some((comment) => /^compiled positions in .*program\.(?:ts|m?js): /u.test(comment)),
    shown,
  );
}

describe('true lines under every loader', { skip }, () => {
  let folder = '';
  before(() => {
    execFileSync(join(root, 'node_modules/.bin/tsc'), ['-b', 'packages/agent/src'], { cwd: root });
    // Where the loaders find themselves.
    folder = mkdtempSync(join(modules, '..', 'run-'));
    const agent = pathToFileURL(join(root, 'packages/agent/dist/index.js')).href;
    writeFileSync(
      join(folder, 'agent.cjs'),
      // Not --import: with it Node 20 loads the program in another way.
      `if (require('node:worker_threads').isMainThread)
  import('${agent}').then(async ({ startServer }) => {
    const { port } = await startServer({ port: 0 });
    process.send({ port, pid: process.pid });
  });
`,
    );
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  for (const major of majors) {
    for (const [i, one] of cases.entries()) {
      test(`${one.name}, Node ${major}`, { skip: one.cannot?.(major) || false }, async () => {
        const place = join(folder, `${major}-${i}`);
        mkdirSync(place);
        const running = await run(one, nodeOf(major), place);
        try {
          await untilItWaits(running.port);
          await check(one, fromAgent(running));
          const { pid } = running;
          const target = { kind: 'pid', pid } as const;
          const captures = await openInspectorTarget({ kind: 'inspector', spec: `pid:${pid}`, target }, {});
          await check(one, fromOutside(captures));
          await captures.close();
        } catch (error) {
          throw new Error(`stderr: ${running.errors()}`, { cause: error });
        } finally {
          running.child.kill('SIGKILL');
        }
      });
    }
  }
});
