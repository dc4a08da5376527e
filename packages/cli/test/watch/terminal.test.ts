// `stackpile watch` in a real pseudo-terminal, made by util-linux's `script`: however it ends, the terminal is as it was before.
import assert from 'node:assert/strict';
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { type TestContext, describe, test } from 'node:test';
import { unlessCi } from '../../../../testing/ci.ts';
import { command } from '../../../../testing/command.ts';
import { startFake } from '../leaks/fake-service.ts';

const skip = unlessCi(
  !/util-linux/u.test(spawnSync('script', ['--version'], { encoding: 'utf8' }).stdout ?? '') &&
    "util-linux's script is not on the PATH",
);

interface Session {
  readonly child: ChildProcess;
  /** Everything that came to the terminal. */
  output(): string;
  /** Waits until it has come. */
  shows(what: RegExp): Promise<void>;
  /** Whatever it wrote until the terminal was closed. */
  readonly closed: Promise<string>;
}

/** Runs the command at a shell in a terminal of 80 columns, which says in the end how the terminal is set. */
function session(t: TestContext, args: readonly string[], env: Record<string, string> = {}): Session {
  const quoted = [command.program, ...command.args, 'watch', ...args].map((word) => `'${word}'`).join(' ');
  // What a Ctrl-C or a signal does to the shell itself is of no interest.
  const line = `stty cols 80 rows 24; trap '' INT TERM; ${quoted}; echo "status $?"; stty -a`;
  const child = spawn('script', ['-q', '-c', line, '/dev/null'], {
    env: { ...process.env, TERM: 'xterm-256color', ...env },
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  t.after(() => child.kill('SIGKILL'));
  let output = '';
  let look = (): void => undefined;
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    output += chunk;
    look();
  });
  return {
    child,
    output: () => output,
    shows: (what) =>
      new Promise((resolve) => {
        look = () => {
          if (what.test(output)) resolve();
        };
        look();
      }),
    closed: once(child, 'close').then(() => output),
  };
}

async function leaky(t: TestContext): Promise<string> {
  const fake = await startFake({ count: (k) => 10 + 10 * k });
  t.after(() => fake.close());
  return fake.url;
}

/** The terminal was given back: its screen, its cursor, its lines and its keys, before what was said in the end. */
function assertGivenBack(output: string, status: number): void {
  const end = output.lastIndexOf('\u001b[?1049l');
  assert.ok(end > 0, JSON.stringify(output.slice(-2000)));
  assert.match(output.slice(0, end), /\u001b\[\?1049h/u);
  const after = output.slice(end);
  assert.doesNotMatch(after, /\u001b\[\?1049h|\u001b\[\?25l/u);
  assert.match(output, /\u001b\[\?7h\u001b\[\?25h\u001b\[\?1049l/u);
  assert.match(after, new RegExp(`^status ${status}\\r?$`, 'mu'));
  assert.match(after, /(?<!-)\bicanon\b/u);
  assert.match(after, /(?<!-)\becho\b/u);
}

describe('the terminal is as it was before', { skip, timeout: 120_000 }, () => {
  test('after Ctrl-C, and what was found stays on it', async (t) => {
    const one = session(t, ['--every', '200ms', await leaky(t)]);
    await one.shows(/LEAK.*main\.subscribe/u);
    one.child.stdin?.write('\u0003');
    const output = await one.closed;
    assertGivenBack(output, 0);
    assert.match(output.slice(output.lastIndexOf('\u001b[?1049l')), /LEAK.*main\.subscribe/u);
  });

  test('after SIGTERM', async (t) => {
    const one = session(t, ['--every', '200ms', await leaky(t)]);
    await one.shows(/q quit/u);
    const [pid] = watchersOf(one.child);
    assert.ok(pid !== undefined);
    process.kill(pid, 'SIGTERM');
    assertGivenBack(await one.closed, 0);
  });

  test('after something that nobody expected, which is said on it', async (t) => {
    // As soon as there is a picture.
    const broken = `data:text/javascript,${encodeURIComponent(`
      const { write } = process.stdout;
      process.stdout.write = function (text, ...more) {
        if (String(text).includes('q quit')) setImmediate(() => { throw new TypeError('nobody expected it'); });
        return write.call(this, text, ...more);
      };`)}`;
    const one = session(t, ['--every', '200ms', await leaky(t)], { NODE_OPTIONS: `--import="${broken}"` });
    const output = await one.closed;
    assertGivenBack(output, 2);
    assert.match(
      output.slice(output.lastIndexOf('\u001b[?1049l')),
      /^\u001b\[\?1049lstackpile: nobody expected it\r\n/u,
    );
  });
});

/** Processes below `script` that watch: not the shell. */
function watchersOf({ pid }: ChildProcess): number[] {
  const { stdout } = spawnSync('ps', ['-eo', 'pid,ppid,args'], { encoding: 'utf8' });
  const rows = stdout
    .split('\n')
    .map((row) => /^\s*(\d+)\s+(\d+)\s+(.*)$/u.exec(row) ?? [])
    .map(([, own = '', parent = '', args = '']) => ({ own: Number(own), parent: Number(parent), args }));
  const below = (ancestor: number): typeof rows =>
    rows.filter(({ parent }) => parent === ancestor).flatMap((row) => [row, ...below(row.own)]);
  return below(pid ?? 0)
    .filter(({ args }) => args.includes(' watch ') && !args.includes('stty'))
    .map(({ own }) => own);
}
