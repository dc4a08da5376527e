// `stackpile run`: a program is started as it would be without it, watched, ended, and judged.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import process from 'node:process';
import { after, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import type { LeaksReport } from '@stackpile/leaks';
import { command } from '../../../../testing/command.ts';
import { runProgram } from '../../src/run/command.ts';
import { endLeftBehind } from '../../src/run/program.ts';
import { sarifOf } from '../ci/sarif.ts';
import { xmlOf } from '../ci/xml.ts';
import { hasTrace, type Ran, stackpile } from '../leaks/run.ts';
import { said } from '../said.ts';

const scratch = mkdtempSync(join(tmpdir(), 'stackpile-run-'));
after(() => rmSync(scratch, { recursive: true, force: true }));

const leaky = fileURLToPath(new URL('programs/leaky.mjs', import.meta.url));
const node = command.program;
const env = { PATH: `${dirname(node)}:${process.env['PATH'] ?? ''}` };

interface Report {
  readonly schema: string;
  readonly exitStatus: number;
  readonly program: { readonly kind: string };
  readonly processes: readonly { readonly name: string; readonly report: LeaksReport }[];
}

/** Runs and judges; where a busy machine took too few looks to tell, once more, for longer. */
async function judged(options: readonly string[], program: readonly string[], more = {}): Promise<Ran> {
  const run = (time: string): Promise<Ran> =>
    stackpile(['run', '--for', time, ...options, '--', ...program], {
      cwd: scratch,
      env: { ...env, ...more },
    });
  const first = await run('3s');
  return first.status === 2 ? run('40s') : first;
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

describe('a program that leaks', () => {
  test('ends with status 1, its function named, in every form at once; nothing of the watch shows', async () => {
    const forms = [
      '--json=v.json',
      '--markdown=v.md',
      '--github=v.txt',
      '--junit',
      'v.xml',
      '--sarif',
      'v.sarif',
    ];
    const ran = await judged([...forms, '--report', 'v.html'], [node, leaky, '--for', 'me'], {
      NODE_OPTIONS: '--no-warnings',
    });
    assert.equal(ran.status, 1, ran.stderr);
    assert.match(ran.stderr, /^LEAK +(?:receiveMessage|subscribe)/mu);
    assert.ok(!hasTrace(ran.stderr));
    const [told = '', ...rest] = ran.stdout.split('\n');
    assert.deepEqual(rest, ['told to end', '']);
    const facts = JSON.parse(told) as Record<string, unknown> & {
      args: string[];
      options: string;
      commandLine: string;
    };
    assert.deepEqual(facts.args, ['--for', 'me']);
    assert.match(facts.options, /^--no-warnings /u);
    assert.ok(!facts.commandLine.includes('stackpile-door-'));
    // What this suite itself is told stands there too.
    const environment = (facts['environment'] as string[]).filter(
      (name) => !name.startsWith('STACKPILE_TEST_'),
    );
    assert.deepEqual(environment, ['_STACKPILE_RUN']);
    assert.equal(facts['mode'], 0o700);
    assert.equal(isAlive(Number(facts['pid'])), false);
    const read = (file: string): string => readFileSync(join(scratch, file), 'utf8');
    const report = JSON.parse(read('v.json')) as Report;
    assert.deepEqual(
      [report.schema, report.exitStatus, report.program.kind],
      ['stackpile.run/1', 1, 'ended'],
    );
    assert.equal(report.processes[0]?.name, 'leaky.mjs');
    assert.equal(report.processes[0].report.kind, 'leak');
    assert.notEqual(xmlOf(read('v.xml')).attributes.get('failures'), '0');
    assert.ok((sarifOf(read('v.sarif')).runs[0]?.results.length ?? 0) > 0);
    assert.match(read('v.md'), /^## LEAK/u);
    assert.match(read('v.txt'), /^::error file=.*leaky\.mjs,line=\d+,/mu);
    assert.match(read('v.html'), /^<!doctype html>/iu);
  });

  test('is found below npm and a shell, and nothing of it is left', async () => {
    mkdirSync(join(scratch, 'app'));
    const start = `node "${leaky}" below`;
    writeFileSync(join(scratch, 'app/package.json'), JSON.stringify({ private: true, scripts: { start } }));
    const ran = await judged(
      ['--json=npm.json'],
      ['npm', '--prefix', join(scratch, 'app'), 'start', '--silent'],
    );
    assert.equal(ran.status, 1, ran.stderr);
    const { pid } = JSON.parse(ran.stdout.split('\n', 1)[0] ?? '') as { pid: number };
    assert.equal(isAlive(pid), false);
    const report = JSON.parse(readFileSync(join(scratch, 'npm.json'), 'utf8')) as Report;
    assert.deepEqual(
      report.processes.map(({ name }) => name),
      ['leaky.mjs'],
    );
  });
});

describe('a program', () => {
  test('has its own input, output and status', async () => {
    const program =
      'process.stdin.pipe(process.stdout); process.stdin.on("end", () => { console.error("end"); process.exitCode = 7; })';
    const ran = await stackpile(['run', '--until-exit', '--', node, '-e', program], {
      stdin: 'some text',
      env,
    });
    assert.equal(ran.stdout, 'some text');
    assert.equal(ran.status, 7);
    assert.match(ran.stderr, /^end$/mu);
    assert.match(ran.stderr, /the program ended with status 7, which is handed on/u);
  });

  test('that gets a signal through the command ends as it likes, and the verdict counts', async () => {
    const ran = await stackpile(['run', '--until-exit', '--', node, leaky], {
      env,
      onStdout: (text, kill) => {
        if (text.includes('"pid"') && !text.includes('told')) kill('SIGTERM');
      },
    });
    assert.match(ran.stdout, /told to end/u);
    assert.ok([1, 2].includes(ran.status ?? -1), ran.stderr);
    assert.doesNotMatch(ran.stderr, /handed on/u);
  });

  test('that a Ctrl-C ends, which npm or another parent passes on once more, is judged all the same', async () => {
    const program =
      "process.on('SIGINT', () => { console.log('told'); process.exit(0); }); console.log('up', process.pid); setInterval(() => 0, 1000);";
    let sent = 0;
    const ran = await stackpile(['run', '--until-exit', '--', node, '-e', program], {
      env,
      onStdout: (text, kill) => {
        const pid = Number(/^up (\d+)\n/mu.exec(text)?.[1] ?? 0);
        if (sent++ > 0 || pid === 0) return;
        kill('SIGINT');
        const again = setInterval(() => {
          if (isAlive(pid)) return;
          clearInterval(again);
          kill('SIGINT');
        }, 2);
      },
    });
    // A signal that comes while it ends decides how it ends, but not what it has said.
    assert.match(ran.stderr, /^COULD NOT TELL/mu);
  });

  test('that has ended leaves its number to others, who are not ended for it', async () => {
    const other = spawn(process.execPath, ['-e', 'setInterval(() => 0, 1000)'], { stdio: 'ignore' });
    await once(other, 'spawn');
    await endLeftBehind([other.pid ?? 0], '/tmp/stackpile-door-none/run');
    assert.equal(other.exitCode, null);
    assert.equal(other.signalCode, null);
    other.kill('SIGKILL');
    await once(other, 'exit');
  });

  test('that is no Node, or cannot be started, is told with status 2', async () => {
    for (const [program, says] of [
      [['nosuch-program'], /nosuch-program: it cannot be started: no such file/u],
      [['sh', '-c', 'exit 0'], /no Node process \(20\.19 or later\) of the program told of itself/u],
    ] as const) {
      const ran = await said((io) => runProgram(['--', ...program], io), scratch, env);
      assert.equal(ran.status, 2);
      assert.match(ran.stderr, says);
      assert.ok(!hasTrace(ran.stderr));
    }
  });

  test('is loaded by a command that runs again and again, and ends with it', async () => {
    const file = join(scratch, 'loaded');
    const program = `const { readFileSync } = require('node:fs');
setInterval(() => { try { if (readFileSync(${JSON.stringify(file)}, 'utf8').length > 1) process.exit(3); } catch {} }, 20);`;
    const load = `printf x >> '${file}'; echo loading`;
    const args = ['run', '--until-exit', '--load', load, '--', node, '-e', program];
    const ran = await stackpile(args, { env });
    assert.equal(ran.status, 3, ran.stderr);
    assert.equal(ran.stdout, '');
    assert.match(ran.stderr, /^loading\nloading$/mu);
  });
});

test('a command line that makes no sense is refused with one sentence', async () => {
  for (const [args, says] of [
    [[], /write the program behind --/u],
    [['node', 'app.js'], /node: write the program behind --/u],
    [['--'], /write the program behind --/u],
    [['--for', 'x', '--', 'node'], /write a time/u],
    [['--for', '5s', '--until-exit', '--', 'node'], /one of them says when it is over/u],
    [['--until-exit', '--report', 'a', '--', 'node'], /--report needs a program that is still there/u],
    [['--markdown', 'a', '--report', 'a', '--', 'node'], /another form goes there already/u],
    [['--forr', '5s', '--', 'node'], /did you mean --for\?/u],
    [['--token', 'x', '--', 'node'], /Unknown option '--token'/u],
  ] as const) {
    const ran = await said((io) => runProgram(args, io), scratch);
    assert.equal(ran.status, 2, args.join(' '));
    assert.match(ran.stderr, says);
    assert.equal(ran.stderr.trimEnd().split('\n').length, 1);
    assert.equal(ran.stdout, '');
  }
});
