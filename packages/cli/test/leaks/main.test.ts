// The command itself: help, version, nonsense, a reader that goes away.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import { command } from '../../../../testing/command.ts';
import { hasTrace, leaks, stackpile } from './run.ts';

describe('stackpile', () => {
  test('--help and --version answer on stdout, exit 0', async () => {
    const help = await stackpile(['--help']);
    assert.equal(help.status, 0);
    assert.match(help.stdout, /stackpile leaks SOURCE…/u);
    const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as {
      version: string;
    };
    assert.deepEqual(await stackpile(['--version']), {
      status: 0,
      stdout: `stackpile ${version}\n`,
      stderr: '',
    });
  });

  test('nothing at all is the usage on stderr, exit 2', async () => {
    const { status, stdout, stderr } = await stackpile([]);
    assert.equal(status, 2);
    assert.equal(stdout, '');
    assert.match(stderr, /^usage:/u);
  });

  for (const args of [['-no-such-flag'], ['nosuchcommand'], ['-top', 'nowhere.pb.gz']]) {
    test(`stackpile ${args.join(' ')}: a sentence, no trace, exit 2`, async () => {
      const { status, stderr } = await stackpile(args);
      assert.equal(status, 2);
      assert.notEqual(stderr, '');
      assert.ok(!hasTrace(stderr), stderr);
    });
  }

  const usage: readonly [readonly string[], RegExp][] = [
    [[], /give two or more dumps, or the address of a service/u],
    [['--nonsense'], /Unknown option '--nonsense'/u],
    [['--every', 'soon', 'http://127.0.0.1:1'], /--every soon: write a time/u],
    [['--every', '1ms', 'http://127.0.0.1:1'], /--every 1ms: at least 100 ms/u],
    [['--header', 'nonsense', 'http://127.0.0.1:1'], /--header 'nonsense': write it as 'Name: value'/u],
    [['--mine', '(', 'x'], /--mine \(: error parsing regexp: missing closing \)/u],
    // What cannot be matched in linear time is no pattern.
    [
      ['--not-mine', '(?=x)', 'x'],
      /--not-mine \(\?=x\): error parsing regexp: invalid or unsupported Perl syntax/u,
    ],
    [['--limit', 'much', 'x'], /--limit much: write a number/u],
    [['http://127.0.0.1:1', 'http://127.0.0.1:2'], /one service to watch/u],
    [['--every', '5s', 'package.json'], /--every and --for are for a running service/u],
    [['pid:abc'], /pid:abc: pid: wants a process number/u],
    [['ftp://host/x'], /ftp:\/\/ is no kind of source/u],
    [[''], /an empty name is no source/u],
  ];
  for (const [args, said] of usage) {
    test(`stackpile leaks ${args.join(' ')}: one sentence, exit 2`, async () => {
      const { status, stdout, stderr } = await leaks(args);
      assert.equal(status, 2);
      assert.equal(stdout, '');
      assert.match(stderr, said);
      assert.equal(stderr.trimEnd().split('\n').length, 1);
    });
  }

  test('leaks --help names every exit status', async () => {
    const { status, stdout } = await leaks(['--help']);
    assert.equal(status, 0);
    assert.match(stdout, /0 no leak, 1 leak found, 2 could not tell/u);
  });

  test('a reader that closes its end early is no error', async () => {
    const child = spawn(command.program, [...command.args, '--help'], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let stderr = '';
    child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
      stderr += chunk;
    });
    child.stdout.destroy();
    const status = await new Promise((resolve) => child.once('close', resolve));
    assert.equal(stderr, '');
    assert.equal(status, 0);
  });
});
