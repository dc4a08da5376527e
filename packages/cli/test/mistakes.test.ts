// What goes wrong at three in the morning: one clear sentence, the right status.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import * as fs from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { command } from '../../../testing/command.ts';
import { runPprof } from '../src/pprof/run.ts';
import { startFake } from './leaks/fake-service.ts';
import { hasTrace, leaks, stackpile } from './leaks/run.ts';

const folder = fs.mkdtempSync(join(tmpdir(), 'stackpile-mistakes-'));
after(() => fs.rmSync(folder, { recursive: true }));
fs.writeFileSync(join(folder, 'ok.folded'), 'main;work 5\nmain 2\n');
const posix = process.platform === 'win32' ? 'no such files on Windows' : false;

describe('files that cannot be looked at', { skip: posix }, () => {
  fs.symlinkSync('loop1', join(folder, 'loop2'));
  fs.symlinkSync('loop2', join(folder, 'loop1'));
  const long = 'x'.repeat(300);
  for (const [name, reason] of [
    [long, 'file name too long'],
    ['loop1', 'too many levels of symbolic links'],
    ['ok.folded/below', 'not a directory'],
  ] as const) {
    test(`a report and a verdict say: ${reason}`, async () => {
      const top = await stackpile(['-top', name], { cwd: folder });
      assert.deepEqual([top.status, top.stdout], [2, '']);
      // As Go says it.
      assert.equal(top.stderr, `${name}: stat ${name}: ${reason}\nfailed to fetch any source profiles\n`);
      const verdict = await stackpile(['leaks', name], { cwd: folder });
      assert.deepEqual([verdict.status, verdict.stdout], [2, '']);
      const said = reason === 'not a directory' ? 'no such file' : reason;
      assert.equal(verdict.stderr, `stackpile leaks: ${name}: ${said}\n`);
    });
  }

  test('the folder that one is in was removed', async () => {
    const gone = join(folder, 'gone');
    fs.mkdirSync(gone);
    // Nothing starts in a folder that is gone: a shell stands in it and waits until it is.
    const child = spawn(
      'sh',
      ['-c', 'echo; read -r line; exec "$@"', 'sh', command.program, ...command.args, '-top', '/x'],
      { cwd: gone, stdio: ['pipe', 'pipe', 'pipe'] },
    );
    await once(child.stdout, 'data');
    fs.rmdirSync(gone);
    child.stdin.end('\n');
    let stderr = '';
    child.stderr.setEncoding('utf8').on('data', (chunk: string) => (stderr += chunk));
    const status = await new Promise((resolve) => child.once('close', resolve));
    assert.equal(status, 2);
    assert.match(stderr, /^stackpile: the folder that you are in does not exist any more: .+\n$/u);
    assert.ok(!hasTrace(stderr), stderr);
  });
});

test('an address that cannot be listened on is said as Go says it', { skip: posix }, async () => {
  const taken = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => taken.once('listening', resolve));
  const address = taken.address();
  assert.ok(address !== null && typeof address === 'object');
  try {
    for (const [where, said] of [
      [`127.0.0.1:${address.port}`, `listen tcp 127.0.0.1:${address.port}: bind: address already in use\n`],
      ['192.0.2.1:1', 'listen tcp 192.0.2.1:1: bind: cannot assign requested address\n'],
    ] as const) {
      const ran = await stackpile([`-http=${where}`, '-no_browser', 'ok.folded'], { cwd: folder });
      assert.deepEqual([ran.status, ran.stderr], [2, said]);
    }
  } finally {
    taken.close();
  }
});

test('an option behind a source: pprof takes it for a source; where a person looks, that is said', async () => {
  const seen = { piped: '', typed: '' };
  for (const kind of ['piped', 'typed'] as const) {
    await runPprof(['ok.folded', '-top'], {
      stdin: (async function* () {})(),
      stdout: { write: () => undefined },
      stderr: { write: (chunk) => void (seen[kind] += String(chunk)) },
      env: {},
      cwd: folder,
      isTTY: { stdin: false, stdout: false, stderr: kind === 'typed' },
      now: () => 0,
      sleep: () => Promise.resolve(),
      run: () => Promise.resolve({ kind: 'missing', message: '' }),
    });
  }
  const hint = '-top stands behind a source and is taken for one: options come first\n';
  assert.ok(!seen.piped.includes(hint));
  assert.equal(seen.typed.replace(hint, ''), seen.piped);
  assert.ok(seen.typed.includes(hint));
});

test('a full disk', { skip: process.platform === 'linux' ? false : 'no /dev/full' }, async () => {
  const file = join(folder, 'ok.folded');
  const report = await stackpile(['report', '--no-graph', '-o', '/dev/full', file]);
  assert.deepEqual(
    [report.status, report.stderr],
    [2, 'stackpile report: /dev/full: no space left on device\n'],
  );
  const output = await stackpile(['-top', '-output=/dev/full', file]);
  assert.equal(output.status, 2);
  assert.match(output.stderr, /^write \/dev\/full: no space left on device$/mu);
});

test('a watch that takes less than a second says so', async () => {
  const service = await startFake({ count: () => 1 });
  const short = ['--every', '100ms', '--for', '300ms'];
  const { stderr } = await leaks([...short, `${service.url}/debug/pprof/goroutine?debug=0`]);
  await service.close();
  assert.match(stderr, /every 0\.1 s for 0\.3 s/u);
});
