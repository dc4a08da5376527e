// The installed command with every kind of SOURCE, and every part of it that is loaded on demand.
import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { encodeProfile, ProfileBuilder } from '@stackpile/profile';
import type { Consumer } from './consumer.ts';
import { makeFixtures } from './fixtures.ts';
import { expect, type Ledger } from './ledger.ts';
import { expectEnd, type Ran, run, type Running, start } from './processes.ts';
import { startService } from './services.ts';

const programs = fileURLToPath(new URL('programs/', import.meta.url));

/** V8 of Node 20 does not tell a profiler of loops that it had optimized while they ran (OSR) before the recording began. */
const SEES_LOOPS = '--no-use-osr';
/** The only format that reports refuse, as pprof does. */
const DEBUG_2 = 'goroutine.debug2.txt';

/** The command on one Node, in a folder of fixtures. */
class Command {
  readonly #node: string;
  readonly #script: string;
  readonly #options: { readonly cwd: string; readonly env: Readonly<Record<string, string>> };

  constructor(node: string, script: string, cwd: string, env: Readonly<Record<string, string>>) {
    this.#node = node;
    this.#script = script;
    this.#options = { cwd, env };
  }

  get node(): string {
    return this.#node;
  }

  get folder(): string {
    return this.#options.cwd;
  }

  /** The same with other variables. */
  with(env: Readonly<Record<string, string>>): Command {
    return new Command(this.#node, this.#script, this.folder, { ...this.#options.env, ...env });
  }

  run(args: readonly string[], stdin?: Uint8Array | string): Promise<Ran> {
    const options = { ...this.#options, ...(stdin === undefined ? {} : { stdin }) };
    return run(this.#node, [this.#script, ...args], options);
  }

  /** On a terminal, as util-linux's `script` makes one. */
  inTerminal(args: readonly string[]): Promise<Ran> {
    const line = [this.#node, this.#script, ...args].map((word) => `'${word.replaceAll("'", `'\\''`)}'`);
    const { cwd, env } = this.#options;
    return run('script', ['-q', '-e', '-c', line.join(' '), '/dev/null'], {
      cwd,
      env: { ...env, TERM: 'xterm' },
    });
  }

  start(args: readonly string[]): Promise<Running> {
    return start(this.#node, [this.#script, ...args], this.#options);
  }

  /** Runs it, and fails unless the status is `status` and stdout matches. */
  async prints(args: readonly string[], pattern: RegExp, status = 0, stdin?: Uint8Array): Promise<void> {
    const ran = await this.run(args, stdin);
    expectEnd(ran, [status], `stackpile ${args.join(' ')}`);
    expect(pattern.test(ran.stdout), `stackpile ${args.join(' ')} prints no ${pattern}:\n${ran.stdout}`);
  }
}

/**
 * The web page of a source: it is served, it has the profile that it is asked for, and Ctrl-C ends it; where the inspector of a
 * process has to be closed first, the signal does.
 */
async function browse(command: Command, source: string, profile: string): Promise<void> {
  const running = await command.start(['-http=127.0.0.1:', '-no_browser', source]);
  await lookAtPage(running, profile);
  const ran = await running.end('SIGINT');
  if (ran.signal !== 'SIGINT' || !source.startsWith('pid:')) expectEnd(ran, [0], `stackpile -http ${source}`);
}

/** Opens the page that a running command announces as a browser would, and what it would ask for. */
export async function lookAtPage(running: Running, profile: string): Promise<void> {
  const [, url = ''] = await running.says(/Serving web UI on (\S+)/u, 'stderr');
  const entered = await fetch(url, { redirect: 'manual' });
  await entered.arrayBuffer();
  const cookie = (entered.headers.get('set-cookie') ?? '').split(';', 1)[0] ?? '';
  const ask = async (path: string): Promise<string> => {
    const response = await fetch(new URL(path, url), {
      headers: { cookie },
      signal: AbortSignal.timeout(30_000),
    });
    const body = await response.text();
    expect(response.status === 200, `${path}: status ${response.status}: ${body.slice(0, 300)}`);
    return body;
  };
  expect(/^<!doctype html>/iu.test(await ask('/ui/')), 'what is served at /ui/ is no page');
  expect((await ask(profile)).length > 0, `${profile} is empty`);
}

async function tryFiles(
  ledger: Ledger,
  command: Command,
  label: string,
  names: readonly string[],
): Promise<void> {
  const reported = names.filter((name) => name !== DEBUG_2);
  await ledger.try(
    `${label}: stackpile -top of ${reported.length} formats: ${reported.join(' ')}`,
    async () => {
      for (const name of reported) await command.prints(['-top', name], /flat%/u);
    },
  );
  // Its addresses are not this program's: that it was read is what is tried.
  await ledger.try(`${label}: addresses are looked up in a binary`, async () => {
    const ran = await command.run(['-top', '/bin/sh', 'gperftools.heap']);
    expectEnd(ran, [0], 'stackpile -top /bin/sh gperftools.heap');
    expect(/Local symbolization failed for sh: /u.test(ran.stderr), ran.stderr);
    cpSync('/bin/sh', join(command.folder, 'shop'));
    const builder = new ProfileBuilder({ sampleTypes: [{ type: 'cpu', unit: 'nanoseconds' }] });
    const mapping = builder.mapping({ start: 0n, limit: 2n ** 40n, filename: '/srv/shop', buildId: 'abba' });
    builder.sample([builder.location({ address: 4096n, mapping, lines: [] })], [1]);
    writeFileSync(join(command.folder, 'native.pb'), encodeProfile(builder.build()));
    const ids = await command.with({ PPROF_BINARY_PATH: '.' }).run(['-top', 'native.pb']);
    expectEnd(ids, [0], 'PPROF_BINARY_PATH=. stackpile -top native.pb');
    expect(/build-id mismatch \(abba != /u.test(ids.stderr), ids.stderr);
  });
  await ledger.try(`${label}: the same from standard input`, async () => {
    for (const name of reported.filter((one) => !one.endsWith('.heapsnapshot'))) {
      await command.prints(['-top', '-'], /flat%/u, 0, readFileSync(join(command.folder, name)));
    }
  });
  await ledger.try(`${label}: stackpile leaks FILE FILE`, async () => {
    const said = /^(?:NO LEAK|LEAK|COULD NOT TELL)/mu;
    mkdirSync(join(command.folder, 'dumps'), { recursive: true });
    for (const name of ['one', 'two'])
      cpSync(join(command.folder, DEBUG_2), join(command.folder, 'dumps', `${name}.txt`));
    for (const two of [
      ['shop.heapprofile', 'shop-later.heapprofile'],
      ['prod.heapsnapshot', 'prod.heapsnapshot'],
      [DEBUG_2, DEBUG_2],
      ['dumps'],
    ]) {
      const ran = await command.run(['leaks', ...two]);
      expectEnd(ran, [0, 2], `stackpile leaks ${two.join(' ')}`);
      expect(said.test(ran.stdout), `no verdict: ${ran.stdout}${ran.stderr}`);
    }
  });
  await ledger.try(`${label}: stackpile verify`, async () => {
    const ran = await command.run(['verify', '--before', DEBUG_2, DEBUG_2, '--after', DEBUG_2, DEBUG_2]);
    expectEnd(ran, [2], 'stackpile verify');
    expect(/^COULD NOT TELL/mu.test(ran.stdout), `no verdict: ${ran.stdout}${ran.stderr}`);
  });
}

async function tryParts(ledger: Ledger, command: Command, label: string): Promise<void> {
  const pictures = [
    ['-svg', /<svg/u],
    ['-dot', /^digraph/u],
    ['-pdf', /^%PDF/u],
    ['-png', /^.PNG/u],
    ['-gif', /^GIF8/u],
  ] as const;
  for (const [flag, head] of pictures) {
    await ledger.try(`${label}: stackpile ${flag}`, () => command.prints([flag, 'cpu.pb.gz'], head));
  }
  if (process.platform === 'linux') {
    await ledger.try(`${label}: a report on a terminal`, async () => {
      const ran = await command.inTerminal(['-top', 'cpu.pb.gz']);
      expectEnd(ran, [0], 'stackpile -top cpu.pb.gz');
      expect(ran.stdout.includes('flat%'), `it prints no table: ${ran.stdout}`);
    });
  }
  await ledger.try(`${label}: stackpile FILE, at the prompt`, async () => {
    await command.prints(['cpu.pb.gz'], /flat%/u, 0, Buffer.from('top\no\nhelp\nquit\n'));
  });
  await ledger.try(`${label}: stackpile help WORD, a word misspelt, --version, completion`, async () => {
    await command.prints(['help'], /stackpile leaks SOURCE/u);
    await command.prints(['help', 'reports'], /-diff_base/u);
    await command.prints(['help', 'leaks'], /--every/u);
    await command.prints(['help', '-top'], /top entries/u);
    await command.prints(['--version'], /^stackpile \d+\.\d+\.\d+/u);
    await command.prints(['help', 'mcp'], /--source-path/u);
    await command.prints(['help', 'run'], /--until-exit/u);
    await command.prints(['help', 'watch'], /--plain/u);
    await command.prints(['help', 'monitor'], /--profiles-every/u);
    await command.prints(['help', 'postmortem'], /--files/u);
    await command.prints(['help', 'guard'], /--bundles/u);
    await command.prints(['help', 'store'], /FROM, TO/u);
    for (const shell of ['bash', 'zsh', 'fish']) await command.prints(['completion', shell], /leaks/u);
    const misspelt = await command.run(['leak', 'http://127.0.0.1:9']);
    expectEnd(misspelt, [2], 'stackpile leak');
    expect(misspelt.stderr.includes('leaks'), `it does not say what was meant: ${misspelt.stderr}`);
  });
  await ledger.try(`${label}: stackpile report -o FILE`, async () => {
    await command.prints(['report', '-o', 'report.html', 'heap.pb.gz', 'goroutine.pb.gz'], /^/u);
    const html = readFileSync(join(command.folder, 'report.html'), 'utf8');
    expect(/^<!doctype html>/iu.test(html), 'what it wrote is no page');
  });
  await ledger.try(`${label}: stackpile run`, async () => {
    // In a folder of its own there is no agent but the command's.
    const program = 'setInterval(() => void (async () => { await new Promise(() => undefined); })(), 20)';
    const ran = await command.run([
      'run',
      '--for',
      '5s',
      '--junit',
      'run.xml',
      '--',
      command.node,
      '-e',
      program,
    ]);
    expectEnd(ran, [0, 1, 2], 'stackpile run');
    expect(/^(?:NO LEAK|LEAK|COULD NOT TELL)/mu.test(ran.stderr), `no verdict: ${ran.stderr}`);
    expect(!/told of itself|long enough/u.test(ran.stderr), `it was not watched: ${ran.stderr}`);
    expect(readFileSync(join(command.folder, 'run.xml'), 'utf8').includes('<testsuites'), 'no JUnit file');
  });
  await ledger.try(`${label}: stackpile mcp FILE`, async () => {
    const client = {
      protocolVersion: '2025-06-18',
      capabilities: {},
      clientInfo: { name: 'try', version: '1' },
    };
    const messages = [
      { id: 1, method: 'initialize', params: client },
      { id: 2, method: 'tools/call', params: { name: 'top', arguments: { source: 's1' } } },
    ].map((message) => `${JSON.stringify({ jsonrpc: '2.0', ...message })}\n`);
    await command.prints(
      ['mcp', 'cpu.pb.gz'],
      /"id":2[^]*flat%|flat%[^]*"id":2/u,
      0,
      Buffer.from(messages.join('')),
    );
  });
  await ledger.try(`${label}: stackpile -http FILE`, () => browse(command, 'heap.pb.gz', '/ui/download'));
  await ledger.try(`${label}: stackpile -http FOLDER`, () => browse(command, 'dumps', '/ui/download'));
  await ledger.try(`${label}: stackpile -http ${DEBUG_2}`, () => browse(command, DEBUG_2, '/ui/download'));
}

async function tryAddresses(ledger: Ledger, command: Command, label: string, url: string): Promise<void> {
  await ledger.try(`${label}: an address: -top, -http, leaks`, async () => {
    await command.prints(['-top', `${url}heap`], /flat%/u);
    await command.prints(['-top', '-seconds=1', new URL(url).origin], /serve\.mjs|flat%/u);
    await browse(command, url, '/ui/live/0/goroutine');
    await command.prints(['leaks', url, '--every', '1s', '--for', '6s'], /^LEAK +receiveMessages/mu, 1);
  });
  await ledger.try(`${label}: stackpile watch`, async () => {
    const ran = await command.run(['watch', '--plain', url, '--every', '1s', '--for', '6s']);
    expectEnd(ran, [1, 2], `stackpile watch ${url}`);
    expect(
      /receiveMessages/u.test(ran.stdout),
      `it does not name receiveMessages: ${ran.stdout}${ran.stderr}`,
    );
  });
  await ledger.try(`${label}: stackpile monitor`, () => tryMonitor(command, label, url));
  await ledger.try(`${label}: stackpile postmortem`, async () => {
    mkdirSync(join(command.folder, 'no-bundles'), { recursive: true });
    const ran = await command.run(['postmortem', 'no-bundles']);
    expectEnd(ran, [2], 'stackpile postmortem no-bundles');
    expect(/there is no bundle/u.test(ran.stderr), ran.stderr);
  });
  await ledger.try(`${label}: stackpile guard`, async () => {
    const ran = await command.run(['guard', url, '--dir', 'guarded', '--every', '1s', '--for', '3s']);
    expectEnd(ran, [0], `stackpile guard ${url}`);
    expect(/guarding /u.test(ran.stderr), ran.stderr);
  });
  await ledger.try(`${label}: stackpile store copy`, async () => {
    const ran = await command.run(['store', 'copy', 'sqlite:nowhere.db', 'sqlite:other.db']);
    expectEnd(ran, [2], 'stackpile store copy');
    expect(/^stackpile store: [^\n]+\n$/u.test(ran.stderr), ran.stderr);
  });
}

/** It watches, shows what it sees, and ends when it is told to; on a Node without SQLite it says so. */
async function tryMonitor(command: Command, label: string, url: string): Promise<void> {
  const args = [
    'monitor',
    new URL(url).origin,
    '--store',
    ':memory:',
    '--every',
    '1s',
    '--listen',
    '127.0.0.1:0',
  ];
  if (label === 'Node 20') {
    const ran = await command.run(args);
    expectEnd(ran, [2], 'stackpile monitor on Node 20');
    expect(/Node 22\.13 or newer/u.test(ran.stderr), ran.stderr);
    return;
  }
  const running = await command.start(args);
  const [, shown = ''] = await running.says(/watching 1 service every 1 s: (http:[^\s"]+)/u, 'stderr');
  const up = async (): Promise<boolean> =>
    /^stackpile_target_up\{[^}]*\} 1$/mu.test(await (await fetch(new URL('/metrics', shown))).text());
  for (let look = 0; look < 100 && !(await up()); look++) await sleep(100);
  expect(await up(), `the service is not seen: ${running.stderr()}`);
  expectEnd(await running.end('SIGTERM'), [0], 'stackpile monitor');
}

async function tryProcesses(
  ledger: Ledger,
  command: Command,
  label: string,
  pids: { readonly closed: number; readonly open: { readonly pid: number; readonly ws: string } },
): Promise<void> {
  const reports = async (source: string): Promise<void> => {
    await command.prints(['-top', '-seconds=1', `${source}/heap`], /flat%/u);
    await command.prints(['-top', '-seconds=1', `${source}/profile`], /healthy/u);
  };
  const watch = async (source: string): Promise<void> => {
    const asked = (time: string) => ['leaks', source, '--every', '1s', '--for', time];
    // A machine that is busy with something else takes too few dumps meanwhile.
    if ((await command.run(asked('6s'))).status === 1) return;
    await command.prints(asked('40s'), /^LEAK +(?:receiveMessages|subscribeNewTask)/mu, 1);
  };
  const pid = `pid:${pids.closed}`;
  await ledger.try(`${label}: pid:N/heap and pid:N/profile`, () => reports(pid));
  await ledger.try(`${label}: pid:N, its tasks`, () => command.prints(['-top', pid], /receiveMessages/u));
  await ledger.try(`${label}: stackpile leaks pid:N`, () => watch(pid));
  await ledger.try(`${label}: stackpile -http pid:N`, () => browse(command, pid, '/ui/live/0/counters'));
  const { host } = new URL(pids.open.ws);
  await ledger.try(`${label}: host:port of an inspector (${host})`, async () => {
    await command.prints(['-top', host], /receiveMessages/u);
    await reports(host);
    await watch(host);
  });
  await ledger.try(`${label}: ws://…`, async () => {
    await command.prints(['-top', pids.open.ws], /receiveMessages/u);
    await command.prints(['-top', '-seconds=1', pids.open.ws], /healthy/u);
  });
}

/** Everything that the command is told to do on one Node. `env` makes V8 say which of its files were loaded. */
export async function tryCommands(
  ledger: Ledger,
  consumer: Consumer,
  node: string,
  label: string,
  env: Readonly<Record<string, string>>,
): Promise<void> {
  const folder = join(consumer.folder, `files-${label.replaceAll(/\W+/gu, '-')}`);
  const service = await startService(consumer, node, 'serve.mjs', [], env);
  cpSync(join(programs, 'daemon.mjs'), join(consumer.folder, 'daemon.mjs'));
  const options = { cwd: consumer.folder, env: consumer.env };
  const daemon = await start(node, ['--inspect-port=0', SEES_LOOPS, 'daemon.mjs'], options);
  const open = await start(node, ['--inspect=127.0.0.1:0', SEES_LOOPS, 'daemon.mjs'], options);
  try {
    const [, ws = ''] = await open.says(/listening on (ws:\S+)/u, 'stderr');
    await Promise.all([daemon, open].map((one) => one.says(/ready/u)));
    process.kill(open.pid, 'SIGUSR2');
    await open.says(/written/u);
    const names = await makeFixtures(folder, service.url, join(consumer.folder, 'daemon.heapsnapshot'));
    const command = new Command(node, consumer.command, folder, { ...consumer.env, ...env });
    await tryFiles(ledger, command, label, names);
    await tryParts(ledger, command, label);
    await tryAddresses(ledger, command, label, service.url);
    if (process.platform === 'linux')
      await tryProcesses(ledger, command, label, { closed: daemon.pid, open: { pid: open.pid, ws } });
    else ledger.skip(`${label}: processes`, 'what port a process listens on is read from /proc, on Linux');
  } finally {
    await Promise.all([service.running, daemon, open].map((one) => one.end('SIGKILL')));
  }
}
