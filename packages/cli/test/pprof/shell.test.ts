// The shell: words of a command, shortcuts, options, completion, where reports go.
import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { gunzipSync } from 'node:zlib';
import { encodeProfile, ProfileBuilder, readProfile } from '@stackpile/profile';
import { defaultOptions } from '@stackpile/report';
import {
  completableNames,
  completeLine,
  describeOptions,
  expandShortcut,
  parseShellCommand,
} from '../../src/pprof/shell.ts';
import { runCommand } from './golden.ts';

function command(line: string, pipes = false): ReturnType<typeof parseShellCommand> {
  return parseShellCommand(line.split(' '), defaultOptions(), pipes);
}

describe('parseShellCommand', () => {
  test('numbers, sorting, focus, ignore, files', () => {
    const { request, options } = command('top 5 main work -json -runtime -cum >out.txt');
    assert.deepEqual(request, { name: 'top', pattern: '' });
    assert.equal(options.nodecount, 5);
    assert.equal(options.focus, 'main|work');
    assert.equal(options.ignore, 'json|runtime');
    assert.equal(options.sort, 'cum');
    assert.equal(options.output, 'out.txt');
    assert.equal(command('tree > x').options.output, 'x');
  });
  test('digits behind a name, ten lines for top', () => {
    assert.equal(command('top10').options.nodecount, 10);
    assert.equal(command('top').options.nodecount, 10);
    assert.equal(command('tree').options.nodecount, -1);
  });
  test('words of tags choose labels', () => {
    const { options } = command('tags route -bytes');
    assert.equal(options.tagfocus, 'route');
    assert.equal(options.tagignore, 'bytes');
    assert.equal(options.focus, '');
  });
  test('says what is wrong', () => {
    assert.throws(() => command('list'), { message: 'command list requires an argument' });
    assert.throws(() => command('nodecount 7'), { message: 'did you mean: nodecount=7' });
    assert.throws(() => command('focus'), { message: 'did you mean: focus=<val>' });
    assert.throws(() => command('nosuch'), { message: 'unrecognized command: "nosuch"' });
    assert.throws(() => command('top >'), { message: 'unexpected end of line after >' });
  });
  test('a bar is a pipe at a terminal, and part of an expression elsewhere', () => {
    assert.equal(command('top 3 | less -S', true).pipe, 'less -S');
    assert.equal(command('top 3 | less').options.focus, '||less');
    assert.throws(() => command('top |', true), { message: 'unexpected end of line after |' });
  });
  test('exports are commands too', () => {
    assert.equal(command('folded main').request.name, 'folded');
  });
});

test('shortcuts', () => {
  assert.deepEqual(expandShortcut(' : ', []), ['focus=', 'ignore=', 'hide=', 'tagfocus=', 'tagignore=']);
  assert.deepEqual(expandShortcut('cpu', ['samples', 'cpu']), ['sample_index=cpu']);
  assert.deepEqual(expandShortcut('mean_cpu', ['cpu']), ['mean=1', 'sample_index=cpu']);
  assert.deepEqual(expandShortcut('total_cpu', ['cpu']), ['mean=0', 'sample_index=cpu']);
  assert.deepEqual(expandShortcut('top cpu', ['cpu']), ['top cpu']);
});

test('the options are listed with what they allow', () => {
  const text = describeOptions({ ...defaultOptions(), focus: 'x' }, ['samples', 'cpu']);
  assert.match(text, /^ {2}focus {21}= x {20}$/m);
  assert.match(text, /^ {2}sample_index {14}= cpu {18}\/\/: \[samples \| cpu\]$/m);
  assert.match(text, /^ {2}sort {22}= flat {17}\/\/: \[cum \| flat\]$/m);
  assert.doesNotMatch(text, /source_path/);
});

describe('completion', () => {
  const functions = ['main.main', 'main.work', 'json.Marshal'];
  test('a unique beginning of a command or an option', () => {
    assert.equal(completeLine('callg', functions), 'callgrind');
    assert.equal(completeLine('t', functions), 't');
    assert.equal(completeLine('help granul', functions), 'help granularity');
  });
  test('a function that only one name contains', () => {
    assert.equal(completeLine('list Marsh', functions), 'list json.Marshal');
    assert.equal(completeLine('peek main', functions), 'peek main');
    assert.equal(completeLine('top -work', functions), 'top -main.work');
    assert.equal(completeLine('tags Marsh', functions), 'tags Marsh');
  });
  test('offers commands, options and choices', () => {
    const names = completableNames();
    for (const name of ['top', 'focus', 'cum', 'lines', 'folded']) assert.ok(names.includes(name), name);
  });
});

describe('a session', () => {
  function profile(): Uint8Array {
    const builder = new ProfileBuilder({ sampleTypes: [{ type: 'cpu', unit: 'nanoseconds' }] });
    const fn = builder.function('main.main', '/src/main.go', 1, 'main.main');
    builder.sample([builder.location({ address: 16n, lines: [{ function: fn, line: 3 }] })], [10_000_000]);
    return encodeProfile(builder.build());
  }

  test('writes bytes to numbered files, text to files that are named', async () => {
    const cwd = mkdtempSync(join(tmpdir(), 'stackpile-shell-'));
    try {
      writeFileSync(join(cwd, 'p.pb'), profile());
      const env = { TERM: 'dumb', TZ: 'UTC', HOME: cwd };
      const lines = 'proto\nproto\ntop > top.txt\nsvg >g.svg\nfolded > stacks\nquit\ntop\n';
      const { stdout, stderr, code } = await runCommand(['p.pb'], { cwd, env, stdin: lines });
      assert.equal(code, 0);
      assert.equal(stdout.toString(), '(pprof) '.repeat(6));
      const said = stderr
        .toString()
        .split('\n')
        .filter((line) => line.startsWith('Generating'));
      assert.deepEqual(said, [
        'Generating report in profile001.pb.gz',
        'Generating report in profile002.pb.gz',
        'Generating report in top.txt',
        'Generating report in g.svg',
        'Generating report in stacks',
      ]);
      const again = await readProfile(gunzipSync(readFileSync(join(cwd, 'profile002.pb.gz'))));
      assert.equal(again.samples.length, 1);
      assert.match(readFileSync(join(cwd, 'top.txt'), 'utf8'), /main\.main$/m);
      assert.equal(readFileSync(join(cwd, 'stacks'), 'utf8'), 'main.main 10000000\n');
      assert.match(readFileSync(join(cwd, 'g.svg'), 'utf8'), /<svg width="100%" height="100%"/);
    } finally {
      rmSync(cwd, { recursive: true, force: true });
    }
  });

  test('reads the profile anew for every report: a label of 0 without a unit is lost', async () => {
    const cwd = mkdtempSync(join(tmpdir(), 'stackpile-shell-'));
    try {
      writeFileSync(
        join(cwd, 'heap.txt'),
        'heap profile: 1: 0 [1: 0] @ heapprofile\n1: 0 [1: 0] @ 0x401001\n',
      );
      const env = { TERM: 'dumb', HOME: cwd };
      const alone = await runCommand(['-traces', 'heap.txt'], { cwd, env });
      assert.match(alone.stdout.toString(), /^ {5}bytes: {2}0$/m);
      const inShell = await runCommand(['heap.txt'], { cwd, env, stdin: 'traces\n' });
      assert.match(inShell.stdout.toString(), /<unknown>$/m);
      assert.doesNotMatch(inShell.stdout.toString(), /bytes:/);
    } finally {
      rmSync(cwd, { recursive: true, force: true });
    }
  });

  test('greets with an empty line where there is nothing to say of the profile', async () => {
    const cwd = mkdtempSync(join(tmpdir(), 'stackpile-shell-'));
    try {
      const builder = new ProfileBuilder({ sampleTypes: [{ type: '', unit: '' }] });
      const fn = builder.function('main.main', '/src/main.go', 1, 'main.main');
      const mapping = builder.mapping({ start: 1n, limit: 99n, filename: '', flags: 15 });
      builder.sample([builder.location({ mapping, address: 16n, lines: [{ function: fn, line: 3 }] })], [1]);
      writeFileSync(join(cwd, 'p.pb'), encodeProfile(builder.build()));
      const { stderr } = await runCommand(['p.pb'], { cwd, env: { TERM: 'dumb', HOME: cwd }, stdin: '' });
      assert.match(stderr.toString(), /^\nEntering interactive mode/);
    } finally {
      rmSync(cwd, { recursive: true, force: true });
    }
  });

  test('goes on after an error', async () => {
    const cwd = mkdtempSync(join(tmpdir(), 'stackpile-shell-'));
    try {
      writeFileSync(join(cwd, 'p.pb'), profile());
      const stdin = 'peek nosuch\nfocus=(\ntop\nfocus=\ntop > /nosuch/dir/file\ntop 1';
      const { stdout, stderr, code } = await runCommand(['p.pb'], {
        cwd,
        env: { TERM: 'dumb', HOME: cwd },
        stdin,
      });
      assert.equal(code, 0);
      assert.match(stderr.toString(), /no matches found for regexp: nosuch/);
      assert.match(stderr.toString(), /error parsing regexp: missing closing \)/);
      assert.match(stderr.toString(), /open \/nosuch\/dir\/file: no such file or directory/);
      assert.match(stdout.toString(), /main\.main\n\(pprof\) $/);
      assert.ok(!existsSync(join(cwd, 'profile001.pb.gz')));
    } finally {
      rmSync(cwd, { recursive: true, force: true });
    }
  });
});
