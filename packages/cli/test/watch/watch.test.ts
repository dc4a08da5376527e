// `stackpile watch` with a service, a clock and a terminal of the test's own.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { before, describe, type TestContext, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { closedPort } from '../../../../testing/listening.ts';
import type { CliIo } from '../../src/io.ts';
import { runWatch } from '../../src/watch/command.ts';
import { type Behaviour, startFake } from '../leaks/fake-service.ts';
import { FakeTerminal } from './fake-terminal.ts';

interface Watching {
  readonly done: Promise<number>;
  readonly stdout: () => string;
  readonly stderr: () => string;
  readonly cwd: string;
  /** What was started: command and arguments. */
  readonly started: string[];
}

/**
 * Runs the command. Its clock jumps to whatever is waited for; the world turns once meanwhile, and `turn` is called with what was
 * waited in all.
 */
function start(
  t: TestContext,
  args: readonly string[],
  terminal: FakeTerminal | null,
  turn: (seconds: number) => void | Promise<void> = () => undefined,
  env: CliIo['env'] = {},
): Watching {
  const cwd = mkdtempSync(join(tmpdir(), 'stackpile-watch-'));
  t.after(() => rmSync(cwd, { recursive: true, force: true }));
  let stdout = '';
  let stderr = '';
  const begin = 1_700_000_000_000;
  let clock = begin;
  const started: string[] = [];
  const io: CliIo = {
    stdin: Readable.from([]),
    stdout: { write: (chunk) => void (stdout += String(chunk)) },
    stderr: { write: (chunk) => void (stderr += String(chunk)) },
    env,
    cwd,
    isTTY: { stdin: terminal !== null, stdout: terminal !== null, stderr: terminal !== null },
    now: () => clock,
    async sleep(ms, signal) {
      const until = clock + ms;
      while (clock < until && !signal.aborted) {
        await new Promise((resolve) => setImmediate(resolve));
        clock = Math.min(until, clock + 1000);
        await turn((clock - begin) / 1000);
      }
    },
    run: (command, more, options) => {
      started.push([command, ...more, options?.silent === true ? 'silently' : ''].join(' '));
      return Promise.resolve({ kind: 'exit', code: 0 });
    },
  };
  const done = runWatch(args, io, terminal);
  // A test that failed leaves nobody watching.
  done.catch(() => undefined);
  t.after(() => terminal?.hangUp());
  return { done, stdout: () => stdout, stderr: () => stderr, cwd, started };
}

/** A fake service that leaks ten goroutines a look, closed with the test. */
async function leaky(t: TestContext, more: Partial<Behaviour> = {}): Promise<string> {
  const fake = await startFake({ count: (k) => 10 + 10 * k, ...more });
  t.after(() => fake.close());
  return fake.url;
}

/** Waits until the terminal shows it, for however short a time. */
function shown(terminal: FakeTerminal, what: RegExp): Promise<string> {
  return new Promise((resolve) => {
    const look = (): void => {
      const text = terminal.screen.join('\n');
      if (what.test(text)) resolve(text);
    };
    terminal.onWrite = look;
    look();
  });
}

describe('on a terminal', { timeout: 60_000 }, () => {
  before(() => {
    // The page, for its key.
    const build = fileURLToPath(new URL('../../../ui/build.ts', import.meta.url));
    execFileSync(process.execPath, ['--conditions=stackpile-source', build]);
  });

  test('the verdict firms up, and stays when the picture is gone; the terminal is as it was', async (t) => {
    const terminal = new FakeTerminal();
    const watching = start(t, [await leaky(t)], terminal, undefined, { NO_COLOR: '1' });
    await shown(terminal, /too early to say/u);
    const picture = await shown(terminal, /^LEAK {2}main\.subscribe {2}\/app\/main\.go:10$/mu);
    assert.match(picture, /^ goroutines +\d+ +[▁-█]+ +\+\d+\/min {2}grows$/mu);
    assert.ok(terminal.isRaw && terminal.modes.has('?1049'));
    terminal.type('q');
    assert.equal(await watching.done, 0);
    assert.deepEqual([...terminal.modes].sort(), ['?25', '?7']);
    assert.equal(terminal.isRaw, false);
    assert.match(watching.stdout(), /^LEAK {2}main\.subscribe {2}\/app\/main\.go:10\n/u);
    assert.doesNotMatch(watching.stdout(), /\u001b/u);
    assert.equal(watching.stderr(), '');
  });

  test('Ctrl-C, a hang-up and the end of the process give it back too', async (t) => {
    const url = await leaky(t);
    for (const how of ['\u0003', 'hang up'] as const) {
      const terminal = new FakeTerminal();
      const watching = start(t, [url], terminal);
      await shown(terminal, /goroutines/u);
      if (how === 'hang up') terminal.hangUp();
      else terminal.type(how);
      assert.equal(await watching.done, 0);
      assert.equal(terminal.modes.has('?1049'), false, how);
    }
    const terminal = new FakeTerminal();
    const watching = start(t, [url], terminal);
    await shown(terminal, /goroutines/u);
    terminal.end();
    assert.deepEqual([...terminal.modes].sort(), ['?25', '?7']);
    terminal.type('q');
    await watching.done;
  });

  test('what nobody expected ends it in order', async (t) => {
    const terminal = new FakeTerminal();
    const watching = start(t, [await leaky(t)], terminal, (seconds) => {
      if (seconds > 20) throw new TypeError('nobody expected it');
    });
    await assert.rejects(watching.done, /nobody expected it/u);
    assert.deepEqual([...terminal.modes].sort(), ['?25', '?7']);
    assert.equal(terminal.isRaw, false);
  });

  test('another size is drawn at once; Ctrl-Z leaves, and coming back draws anew', async (t) => {
    const terminal = new FakeTerminal(80, 24);
    const watching = start(t, [await leaky(t)], terminal);
    await shown(terminal, /^LEAK/mu);
    terminal.resize(200, 60);
    assert.match(terminal.writes.at(-1) ?? '', /\u001b\[2J/u);
    assert.match(terminal.screen[59] ?? '', /q quit/u);
    terminal.resize(30, 6);
    assert.match(terminal.screen[5] ?? '', /c capture/u);
    terminal.type('\u001a');
    assert.equal(terminal.suspended, 1);
    terminal.resume();
    assert.ok(terminal.modes.has('?1049'));
    terminal.type('q');
    await watching.done;
  });

  test('while nothing changes, nothing but the clock is written', async (t) => {
    const terminal = new FakeTerminal();
    let drawn = 0;
    const watching = start(t, ['--every', '1h', await leaky(t)], terminal, (seconds) => {
      if (seconds === 100) drawn = terminal.writes.length;
      if (seconds === 110) terminal.type('q');
    });
    await watching.done;
    const ticks = terminal.writes.slice(drawn, drawn + 10);
    for (const write of ticks)
      assert.match(
        write,
        /^\u001b\[\?2026h\u001b\[24;1H(?:(?!\u001b\[\d+;1H).)*c capture.*\u001b\[K\u001b\[\?2026l$/u,
      );
  });

  test('keys save what can be captured, write the report and open the page', async (t) => {
    const terminal = new FakeTerminal(160, 40);
    const url = await leaky(t);
    const watching = start(t, [url], terminal, undefined, { BROWSER: 'browse' });
    await shown(terminal, /^LEAK/mu);
    terminal.type('c');
    const [, folder = ''] =
      /saved goroutine in (\S+)/u.exec(await shown(terminal, /saved goroutine in/u)) ?? [];
    const [file = ''] = readdirSync(join(watching.cwd, folder));
    assert.equal(file, 'goroutine.pb.gz');
    assert.equal(statSync(join(watching.cwd, folder, file)).mode & 0o077, 0);
    terminal.type('r');
    const [, report = ''] = /wrote (\S+\.html)/u.exec(await shown(terminal, /wrote \S+\.html/u)) ?? [];
    const html = readFileSync(join(watching.cwd, report), 'utf8');
    // A few dumps over the whole time, the first and the last among them.
    assert.ok((html.match(/"data":"source-\d+"/gu)?.length ?? 0) >= 2);
    terminal.type('o');
    await shown(terminal, /the page is at http:\/\/localhost:\d+\//u);
    assert.match(watching.started[0] ?? '', /^browse http:\/\/localhost:\d+\/\?token=\S+ silently$/u);
    terminal.type('q');
    await watching.done;
  });

  test('a service that dies and comes back is waited for, and the next process is judged by itself', async (t) => {
    const terminal = new FakeTerminal();
    let gone = false;
    const url = await leaky(t, {
      before(request) {
        if (gone) request.socket.destroy();
        return gone;
      },
    });
    const watching = start(t, [url], terminal);
    await shown(terminal, /^LEAK/mu);
    gone = true;
    const text = await shown(terminal, /does not answer; this is what the last of \d+ looks saw/u);
    assert.match(text, /^LEAK/mu);
    gone = false;
    await shown(terminal, /^http\S+ {2}\d+ looks/mu);
    terminal.type('q');
    assert.equal(await watching.done, 0);
  });

  test('two services side by side, one of which is not there yet', async (t) => {
    const terminal = new FakeTerminal(200, 40);
    const url = await leaky(t);
    const watching = start(t, [url, `http://127.0.0.1:${await closedPort()}`], terminal);
    const text = await shown(
      terminal,
      /^http\S+ {2}\d+ looks .* {3}http:\S+ {2}does not answer; nothing was seen yet/mu,
    );
    assert.match(text, /nothing listens there/u);
    terminal.type('\t');
    terminal.type('c');
    await shown(terminal, /it does not answer: nothing was saved/u);
    terminal.type('q');
    assert.equal(await watching.done, 0);
  });
});

describe('in plain lines', { timeout: 60_000 }, () => {
  test('counts now and then, the leak once, and the status that leaks has', async (t) => {
    const watching = start(t, ['--for', '60s', await leaky(t)], null);
    assert.equal(await watching.done, 1, watching.stderr());
    const text = watching.stdout();
    assert.match(text, /^ 0:00 +\d+ goroutines/mu);
    assert.match(text, /^LEAK {2}main\.subscribe {2}\/app\/main\.go:10\n {6}\d+ goroutines, \d+ % of all/mu);
    assert.doesNotMatch(text, /\u001b/u);
    const counts = text.match(/^ +\d:\d\d .*goroutines/gmu)?.length ?? 0;
    assert.ok(counts >= 4 && counts <= 8, text);
  });

  test('what only comes and goes is no leak', async (t) => {
    const url = await leaky(t, { count: () => 12, id: (k, i) => k * 100 + i + 1 });
    const watching = start(t, ['--for', '60s', `${url}/debug/pprof/goroutine?debug=2`], null);
    assert.equal(await watching.done, 0, watching.stdout());
    assert.match(watching.stdout(), /^NO LEAK$/mu);
  });

  test('hostile names are shown, not obeyed', async (t) => {
    const url = await leaky(t, { name: `\u001b[2J\u202emain.${'x'.repeat(10_000)}` });
    const watching = start(t, ['--for', '30s', url], null);
    assert.equal(await watching.done, 1, watching.stderr());
    assert.match(watching.stdout(), /^LEAK {2}\\x1b\[2J\\u\{202e\}main/mu);
    assert.doesNotMatch(watching.stdout(), /[^\P{Cc}\n]|\u202e/u);
  });
});

describe('what makes no sense is said in one sentence, with status 2', { timeout: 60_000 }, () => {
  const cases: readonly (readonly [string, readonly string[], RegExp])[] = [
    ['nothing', [], /^stackpile watch: give the address of a service, or pid:1234/u],
    [
      'a file',
      [import.meta.filename],
      /only services and processes are watched; stackpile leaks judges dumps/u,
    ],
    ['a folder', [import.meta.dirname], /only services and processes are watched/u],
    ['an option', ['--nosuch', 'http://h:1'], /Unknown option '--nosuch'/u],
    ['a time', ['--every', 'soon', 'http://h:1'], /--every soon: write a time/u],
  ];
  for (const [name, args, said] of cases)
    test(name, async (t) => {
      for (const terminal of [null, new FakeTerminal()]) {
        const watching = start(t, args, terminal);
        assert.equal(await watching.done, 2);
        assert.match(watching.stderr(), said);
        assert.equal(watching.stderr().trimEnd().split('\n').length, 1);
        assert.equal(watching.stdout(), '');
        assert.equal(terminal?.writes.length ?? 0, 0);
      }
    });

  test('an address at which nobody answers, also on a terminal', async (t) => {
    const url = `http://127.0.0.1:${await closedPort()}`;
    for (const terminal of [null, new FakeTerminal()]) {
      const watching = start(t, [url], terminal);
      assert.equal(await watching.done, 2);
      assert.match(watching.stderr(), /nothing listens there \(connection refused\)\n$/u);
      assert.equal(watching.stdout(), '');
      if (terminal !== null) assert.deepEqual([...terminal.modes].sort(), ['?25', '?7']);
    }
  });

  test('a locked door', async (t) => {
    const server = createServer((_, response) => response.writeHead(401).end());
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    t.after(() => server.close());
    const address = server.address();
    assert.ok(typeof address === 'object' && address !== null);
    const watching = start(
      t,
      ['--header', 'Authorization: Bearer secret', `http://127.0.0.1:${address.port}`],
      null,
    );
    assert.equal(await watching.done, 2);
    assert.match(watching.stderr(), /401/u);
    assert.doesNotMatch(watching.stderr(), /secret/u);
  });
});
