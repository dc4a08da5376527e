// A verdict on files as a whole process: what they show and do not, its bound, the ledger's width, Markdown and annotations.
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import type { LeaksReport } from '@stackpile/leaks';
import { encodeProfile, ProfileBuilder } from '@stackpile/profile';
import { widthOf } from '../../src/leaks/terminal.ts';
import { leaks, type Ran } from './run.ts';

const scratch = mkdtempSync(join(tmpdir(), 'stackpile-forms-'));
after(() => rmSync(scratch, { recursive: true, force: true }));

interface Row {
  readonly name: string;
  readonly count: number;
  /** Of the first one; each has the next. */
  readonly id?: number;
}

function encoded(type: string, unit: string, second: number, rows: readonly Row[]): Uint8Array {
  const builder = new ProfileBuilder({
    sampleTypes: [{ type, unit }],
    timeNanos: BigInt(1_700_000_000 + second) * 1_000_000_000n,
  });
  for (const { name, count, id } of rows) {
    const stack = [
      builder.location({ lines: [{ function: builder.function(name, '/srv/app/jobs.js'), line: 7 }] }),
    ];
    if (id === undefined) builder.sample(stack, [count]);
    else
      for (let i = 0; i < count; i++)
        builder.sample(stack, [1], [{ key: 'goroutine', number: BigInt(id + i) }]);
  }
  return encodeProfile(builder.build());
}

let folders = 0;
/** A folder with one dump for each ten seconds. */
function folderOf(kinds: Readonly<Record<string, (k: number) => Uint8Array>>, looks = 8): string {
  const folder = join(scratch, `${folders++}`);
  for (let k = 0; k < looks; k++) {
    mkdirSync(join(folder, `t${k}`), { recursive: true });
    for (const [name, make] of Object.entries(kinds)) writeFileSync(join(folder, `t${k}`, name), make(k));
  }
  return folder;
}

const steadyTasks = (k: number): Uint8Array =>
  encoded('tasks', 'count', k * 10, [{ name: 'pool', count: 8 }]);
const pilingTasks = (k: number): Uint8Array =>
  encoded('tasks', 'count', k * 10, [
    { name: 'pool', count: 8 },
    { name: 'subscribe', count: 2 + 20 * k },
  ]);
const steadyHeap = (k: number): Uint8Array =>
  encoded('inuse_space', 'bytes', k * 10, [{ name: 'load', count: 9_000_000 }]);
const growingHeap = (k: number): Uint8Array =>
  encoded('inuse_space', 'bytes', k * 10, [{ name: 'remember', count: 9_000_000 + 4_000_000 * k }]);

const at = (columns: number, folder: string, ...more: string[]): Promise<Ran> =>
  leaks([folder, ...more], { env: { COLUMNS: `${columns}` } });

describe('files that show tasks only', () => {
  test('are acquitted of that alone, with the bound, and say what nobody looked at', async () => {
    const { status, stdout, stderr } = await at(80, folderOf({ 'tasks.pb.gz': steadyTasks }));
    assert.equal(status, 0, stderr);
    assert.equal(
      stdout,
      `NO LEAK

  Nothing grows: 8 → 8 tasks in 70 s; a leak below 4 tasks per minute would have
  gone unseen.

  flat     tasks: a leak below 4 tasks per minute would not show
  unseen   these files show tasks only; handles and memory were not looked at:
           give heap snapshots and heap profiles too, or watch the service
`,
    );
  });

  test('at 120 columns the same in fewer lines', async () => {
    const { stdout } = await at(120, folderOf({ 'tasks.pb.gz': steadyTasks }));
    assert.equal(
      stdout,
      `NO LEAK

  Nothing grows: 8 → 8 tasks in 70 s; a leak below 4 tasks per minute would have gone unseen.

  flat     tasks: a leak below 4 tasks per minute would not show
  unseen   these files show tasks only; handles and memory were not looked at: give heap snapshots and heap profiles
           too, or watch the service
`,
    );
  });
});

describe('several kinds of dumps of one process', () => {
  test('are one ledger: a heap that grows is not acquitted by tasks that do not', async () => {
    const folder = folderOf({ 'heap.pb.gz': growingHeap, 'tasks.pb.gz': steadyTasks });
    const { status, stdout } = await leaks(['--json', folder]);
    const report = JSON.parse(stdout) as LeaksReport;
    assert.equal(status, 1);
    assert.equal(report.verdicts[0]?.series.measure.type, 'inuse_space');
    assert.deepEqual(
      report.process?.ledger
        .filter(({ state }) => state !== 'unknown')
        .map(({ counter, state }) => [counter, state]),
      [
        ['tasks', 'flat'],
        ['heapLive', 'grows'],
      ],
    );
  });

  test('both flat: exit 0, a bound for each', async () => {
    const { status, stdout } = await leaks([
      folderOf({ 'heap.pb.gz': steadyHeap, 'tasks.pb.gz': steadyTasks }),
    ]);
    assert.equal(status, 0);
    assert.match(stdout, /a leak below 4 tasks or 2 MB of live heap per\s+minute would have gone unseen/u);
  });
});

test('two dumps bound nothing: COULD NOT TELL, and one thing to do', async () => {
  const { status, stdout } = await at(80, folderOf({ 'tasks.pb.gz': steadyTasks }, 2));
  assert.equal(status, 2);
  assert.match(stdout, /^COULD NOT TELL$/mu);
  assert.equal(stdout.split('\n').filter((line) => /^ {2}next /u.test(line)).length, 1);
});

for (const columns of [80, 120])
  test(`the ledger takes at most five lines of its own, none wider than ${columns} columns`, async () => {
    const { status, stdout } = await at(
      columns,
      folderOf({ 'tasks.pb.gz': pilingTasks, 'heap.pb.gz': growingHeap }),
    );
    assert.equal(status, 1);
    const above = stdout.slice(0, stdout.indexOf('LEAK')).split('\n');
    assert.ok(
      above.filter((line) => /^ {2}(?:grows|unclear|flat|unseen|next) /u.test(line)).length <= 5,
      stdout,
    );
    assert.match(stdout, /^ {2}grows {4}tasks 10 → 150 \(\+120 per minute\)/mu);
    for (const line of stdout.split('\n').filter((one) => !one.includes('stackpile -')))
      assert.ok(widthOf(line) <= columns, `${widthOf(line)}: ${line}`);
  });

describe('for a pull request', () => {
  test('--github: an error on the line to mend', async () => {
    const { status, stdout } = await leaks(['--github', folderOf({ 'tasks.pb.gz': pilingTasks })], {
      cwd: '/srv',
    });
    assert.equal(status, 1);
    assert.match(
      stdout,
      /^::error file=app\/jobs\.js,line=7,title=leak%3A subscribe::Tasks that wait in subscribe /u,
    );
    assert.equal(stdout.trimEnd().split('\n').length, 1);
  });

  test('--github: what is acquitted is a notice, what could not be told a warning', async () => {
    const none = await leaks(['--github', folderOf({ 'tasks.pb.gz': steadyTasks })]);
    assert.match(none.stdout, /^::notice title=no leak::Nothing grows/u);
    const unsure = await leaks(['--github', folderOf({ 'tasks.pb.gz': steadyTasks }, 2)]);
    assert.equal(unsure.status, 2);
    assert.match(unsure.stdout, /^::warning title=could not tell::/u);
  });

  test('--markdown: title, sentence, ledger, finding with its place', async () => {
    const { stdout } = await leaks(['--markdown', folderOf({ 'tasks.pb.gz': pilingTasks })]);
    assert.match(stdout, /^## LEAK\n\nTasks that wait in subscribe/u);
    assert.match(stdout, /^```text\ngrows {4}tasks 10 → 150/mu);
    assert.match(stdout, /^### Leak: `subscribe`$/mu);
    assert.match(stdout, /^At `\/srv\/app\/jobs\.js:7`\.$/mu);
  });

  test('names that are markup or commands stay names', async () => {
    const hostile = 'a`b|<img src=x>\n::error::owned%0A@team';
    const folder = folderOf({
      'tasks.pb.gz': (k) => encoded('tasks', 'count', k * 10, [{ name: hostile, count: 2 + 20 * k }]),
    });
    const github = await leaks(['--github', folder]);
    assert.equal(github.stdout.trimEnd().split('\n').length, 1);
    assert.doesNotMatch(github.stdout, /owned%0A/u);
    const markdown = await leaks(['--markdown', folder]);
    for (const line of markdown.stdout.split('\n')) assert.doesNotMatch(line, /^::error/u);
    const prose = markdown.stdout.split('\n')[2] ?? '';
    assert.match(prose, /\\<img/u);
    assert.match(prose, /\\@team/u);
  });

  test('one form at a time', async () => {
    const { status, stderr } = await leaks(['--json', '--markdown', 'x']);
    assert.equal(status, 2);
    assert.match(stderr, /--json and --markdown: one form at a time/u);
  });
});

test('a restart in files shows two runs, each judged', async () => {
  const folder = folderOf(
    {
      'goroutine.pb.gz': (k) => {
        const run = k % 8;
        return encoded('goroutine', 'count', k * 10, [
          { name: 'main.subscribe', count: 30 + 20 * run, id: k < 8 ? 9000 : 10 },
        ]);
      },
    },
    16,
  );
  const { status, stdout } = await leaks(['--json', folder]);
  const report = JSON.parse(stdout) as LeaksReport;
  assert.equal(status, 1);
  assert.equal(report.process?.restarts, 1);
  assert.deepEqual(
    report.process.earlier.map(({ kind }) => kind),
    ['leak'],
  );
  assert.equal(report.process.kind, 'leak');
});
