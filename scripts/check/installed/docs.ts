// The documentation, done as it says: every command of the pages, and every program, beside the installed packages.
import { cpSync, globSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import process from 'node:process';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { inCi } from '../../../testing/ci.ts';
import { closedPort } from '../../../testing/listening.ts';
import { root } from '../../house.ts';
import { snippetsOf } from '../snippets.ts';
import type { Consumer } from './consumer.ts';
import { lookAtPage } from './commands.ts';
import { expect, type Ledger } from './ledger.ts';
import { expectEnd, hasTrace, run, type Running, start } from './processes.ts';
import { startService } from './services.ts';

const programs = fileURLToPath(new URL('programs/', import.meta.url));
const PAGES = ['README.md', 'docs/*.md', 'packages/*/README.md'];
const TOKEN = 'a-token-of-this-check';

/** What stands in a page as a command and cannot be run, with the reason. */
const NOT_RUN: Readonly<Record<string, string>> = {
  'stackpile leaks': 'the name of the subcommand, without a source',
  'stackpile -top': 'the name of a report, without a source',
  'stackpile run': 'the name of the subcommand, without a program',
  'stackpile watch': 'the name of the subcommand, without a source',
  'stackpile guard': 'the name of the subcommand, without a service',
  'stackpile mcp': 'the name of the subcommand, without a source',
  'stackpile monitor': 'the name of the subcommand, without a service',
  'stackpile leaks --json': 'the name of a form of output, without a source',
  'stackpile verify --json': 'the name of a form of output, without sources',
  'stackpile [flags] SOURCE…': 'the form of all reports: others show it with flags',
};

/** A command as it stands in a page. */
interface Told {
  readonly place: string;
  readonly command: string;
}

/** What an assistant says first: a question that any source can be asked, and the end. */
const ASSISTANT = [
  {
    id: 1,
    method: 'initialize',
    params: { protocolVersion: '2025-06-18', capabilities: {}, clientInfo: { name: 'docs', version: '1' } },
  },
  { id: 2, method: 'tools/call', params: { name: 'list_sources', arguments: {} } },
]
  .map((message) => `${JSON.stringify({ jsonrpc: '2.0', ...message })}\n`)
  .join('');

const IS_COMMAND = /^(?:stackpile|curl|go tool pprof) \S/u;
/** As {@link asHere} has them. */
const WATCHES = /^stackpile leaks .*--for 6s/u;
/** On this page every line of a block is a command. */
const PLAYBOOK = 'docs/playbook.md';
const STARTS_AGENT = /^node --import @stackpile\/agent\/register \S/u;

/** Commands in fenced `sh` blocks, and in the text between backticks. */
export function commandsOf(page: string, markdown: string): Told[] {
  const told: Told[] = [];
  let language: string | undefined;
  for (const [index, line] of markdown.split('\n').entries()) {
    const place = `${page}:${index + 1}`;
    const fence = /^\s*```(\w*)/u.exec(line);
    if (fence !== null) language = language === undefined ? (fence[1] ?? '') : undefined;
    else if (language === 'sh') told.push({ place, command: line.replace(/\s+#\s.*$/u, '').trim() });
    else if (language === undefined)
      for (const [, command = ''] of line.matchAll(/`([^`]+)`/gu)) told.push({ place, command });
  }
  return told.filter(
    ({ command }) => IS_COMMAND.test(command) || (page === PLAYBOOK && STARTS_AGENT.test(command)),
  );
}

function pages(): string[] {
  return PAGES.flatMap((pattern) => globSync(pattern, { cwd: root })).sort();
}

/** The world in which the pages are true: a leaking service, one without an agent, and the files that they name. */
interface World {
  readonly folder: string;
  readonly env: Readonly<Record<string, string>>;
  readonly service: URL;
  readonly pid: number;
}

async function save(url: string, path: string): Promise<void> {
  const response = await fetch(url, { signal: AbortSignal.timeout(30_000) });
  writeFileSync(path, new Uint8Array(await response.arrayBuffer()));
}

/** The files that the pages name, each of the kind that its place there is about. */
async function makeFiles(folder: string, service: string, snapshot: () => Promise<string>): Promise<void> {
  const goroutine = (name: string) => save(`${service}goroutine`, join(folder, name));
  await goroutine('monday.pb.gz');
  cpSync(await snapshot(), join(folder, 'monday.heapsnapshot'));
  await save(`${service}profile?seconds=1`, join(folder, 'cpu.pb.gz'));
  cpSync(join(folder, 'cpu.pb.gz'), join(folder, 'before.pb.gz'));
  await save(`${service}profile?seconds=1`, join(folder, 'after.pb.gz'));
  await save(`${service}heap`, join(folder, 'heap.pb.gz'));
  await goroutine('tuesday.pb.gz');
  await goroutine('wednesday.pb.gz');
  // A folder of dumps from before a fix, and one from after it.
  for (const name of ['monday', 'tuesday']) {
    mkdirSync(join(folder, name));
    for (const day of ['monday', 'tuesday', 'wednesday'])
      cpSync(join(folder, `${day}.pb.gz`), join(folder, name, `${day}.pb.gz`));
  }
  const later = await snapshot();
  for (const name of ['tuesday', 'prod']) cpSync(later, join(folder, `${name}.heapsnapshot`));
}

/** The command with what is another's on this machine in place of the page's: ports, process numbers, a minute. */
function asHere(command: string, world: World): string {
  return command
    .replaceAll(/127\.0\.0\.1:606[01]/gu, world.service.host)
    .replace(/ URL$/u, ` http://${world.service.host}`)
    .replaceAll(/pid:\d+/gu, `pid:${world.pid}`)
    .replace(
      /^stackpile leaks (?=.*(?:http:|pid:))([^-]*)(?:--every 5s --for 60s)?$/u,
      'stackpile leaks $1 --every 1s --for 6s',
    )
    .replace(/^(stackpile verify .*http:.*)$/u, '$1 --every 1s --for 6s')
    .replace(/^stackpile run (?:--for \d+[sm] )?/u, 'stackpile run --for 6s ')
    .replace(/^(stackpile (?:watch|guard) .*)$/u, '$1 --every 1s --for 6s')
    .replace(' dumps/', ' monday/')
    .replaceAll('SOURCE…', 'monday.pb.gz')
    .replace(/-http=:\d*/u, '-http=127.0.0.1: -no_browser')
    .replace(/^curl /u, 'curl -sS ');
}

/** What a command should end with. A leak is found in what leaks; two dumps alone may not prove it, and nobody has mended it meanwhile. */
function statusesOf(command: string): readonly number[] {
  if (command.startsWith('stackpile verify ')) return [1, 2];
  if (command.startsWith('stackpile watch ')) return [1, 2];
  // It has no limit that it comes near to within seconds.
  if (command.startsWith('stackpile guard ')) return [0];
  // What it starts leaks; on a busy machine a few seconds may not prove it.
  if (command.startsWith('stackpile run ')) return [1, 2];
  if (!command.startsWith('stackpile leaks ') || command.endsWith(' --help')) return [0];
  return /http:|pid:/u.test(command) ? [1] : [1, 2];
}

/** Go's page; it takes a while to be built the first time. */
async function lookAtGosPage(running: Running): Promise<void> {
  const [, url = ''] = await running.says(/Serving web UI on (\S+)/u, 'stderr', 180);
  const response = await fetch(url.replace('localhost', '127.0.0.1'));
  await response.arrayBuffer();
  expect(response.status === 200, `${url}: status ${response.status}`);
}

async function browse(running: Running, look: (running: Running) => Promise<void>): Promise<void> {
  await look(running);
  const { status, signal, stderr } = await running.end('SIGINT');
  expect(status === 0 || signal === 'SIGINT', `Ctrl-C: status ${String(status)}, ${stderr}`);
  expect(!hasTrace(stderr), stderr);
}

async function follow(told: Told, world: World): Promise<void> {
  const command = asHere(told.command, world);
  const stdin = command.startsWith('stackpile mcp ') ? ASSISTANT : 'top\nquit\n';
  const options = { cwd: world.folder, env: world.env, stdin, seconds: 180 };
  if (command.includes(' -http=')) {
    const isGo = command.startsWith('go ');
    await browse(
      await start('sh', ['-c', `exec ${command}`], options),
      isGo ? lookAtGosPage : (page) => lookAtPage(page, '/ui/download'),
    );
    return;
  }
  if (STARTS_AGENT.test(command)) {
    const running = await start('sh', ['-c', `exec ${command}`], options);
    await running.says(/profiles of process \d+ are at http/u, 'stderr');
    await running.end('SIGTERM');
    return;
  }
  if (command.startsWith('stackpile monitor ')) {
    // The Node of this check, where the one on the PATH is too old for it.
    const env = { ...world.env, PATH: `${dirname(process.execPath)}:${world.env['PATH'] ?? ''}` };
    const running = await start('sh', ['-c', `exec ${command}`], { ...options, env });
    await running.says(/watching \d+ services? every/u, 'stderr');
    const { status } = await running.end('SIGTERM');
    expect(status === 0, `${command}: it ended with ${String(status)}`);
    return;
  }
  let ran = await run('sh', ['-c', command], options);
  // A machine that is busy with something else takes too few looks meanwhile.
  if (ran.status === 2 && WATCHES.test(command))
    ran = await run('sh', ['-c', command.replace(/--for 6s/u, '--for 40s')], options);
  expectEnd(ran, statusesOf(command), command);
  expect(!/\berror\b/iu.test(ran.stderr), `${command}: ${ran.stderr}`);
  // What was read from a file or a service is there: a verdict, a report, a body.
  expect(
    ran.stdout !== '' || /-o(?:utput)?[ =]|^stackpile (?:run|guard) /u.test(command),
    `${command} prints nothing: ${ran.stderr}`,
  );
}

/** Runs a page's program: it ends with 0, or goes on and serves its profiles. */
async function runProgram(world: World, name: string, code: string): Promise<void> {
  const port = await closedPort();
  writeFileSync(join(world.folder, name), code.replaceAll(/\b(?:6060|8080)\b/gu, String(port)));
  const env = { ...world.env, PPROF_TOKEN: TOKEN };
  const args = ['--disable-warning=ExperimentalWarning', name];
  const running = await start(process.execPath, args, { cwd: world.folder, env });
  let isOver = false;
  const ended = running.ended.then((ran) => {
    isOver = true;
    expectEnd(ran, [0], name);
    expect(ran.stderr === '', ran.stderr);
  });
  // It may fail before anybody waits for it.
  ended.catch(() => undefined);
  const served = async (): Promise<void> => {
    const headers = { authorization: `Bearer ${TOKEN}` };
    for (let look = 0; look < 300 && !isOver; look++) {
      const answer = await fetch(`http://127.0.0.1:${port}/debug/pprof/`, { headers }).catch(() => undefined);
      await answer?.arrayBuffer();
      if (answer?.status === 200) return;
      await sleep(100);
    }
    await ended;
  };
  try {
    await served();
  } finally {
    await running.end('SIGKILL');
  }
}

async function tryPrograms(ledger: Ledger, world: World): Promise<void> {
  for (const page of pages()) {
    for (const { line, code } of snippetsOf(readFileSync(join(root, page), 'utf8'))) {
      const name = `${page.replaceAll(/\W/gu, '_')}_${line}.ts`;
      await ledger.try(`${page}:${line}: the program`, () => runProgram(world, name, code));
    }
  }
}

/** Which of the tools that pages name are not on this machine. */
async function missingTools(world: World): Promise<ReadonlySet<string>> {
  const missing = new Set<string>();
  for (const [tool, question] of [
    ['go', 'go version'],
    ['curl', 'curl --version'],
  ] as const) {
    const { status } = await run('sh', ['-c', question], { cwd: world.folder, env: world.env });
    if (status !== 0) missing.add(tool);
  }
  return missing;
}

async function tryCommandsOf(ledger: Ledger, world: World): Promise<void> {
  const missing = await missingTools(world);
  const told = pages().flatMap((page) => commandsOf(page, readFileSync(join(root, page), 'utf8')));
  const done = new Set<string>();
  for (const one of told) {
    const why = NOT_RUN[one.command];
    const name = `${one.place}: ${one.command}`;
    const tool = one.command.split(' ', 1)[0] ?? '';
    if (why !== undefined) ledger.skip(name, why);
    else if (missing.has(tool) && !inCi) ledger.skip(name, `${tool} is not on the PATH`);
    else if (!done.has(one.command)) await ledger.try(name, () => follow(one, world));
    done.add(one.command);
  }
  await ledger.try('the pages have commands, and nothing is excused that they do not have', () => {
    expect(done.size >= 10, `only ${[...done].join(', ')}: the search is broken`);
    const stale = Object.keys(NOT_RUN).filter((command) => !done.has(command));
    expect(
      stale.length === 0,
      `no page has ${stale.join(', ')}: take it out of scripts/check/installed/docs.ts`,
    );
  });
}

/** `consumer` has what the programs of the pages import. */
export async function tryDocs(ledger: Ledger, consumer: Consumer): Promise<void> {
  const folder = join(consumer.folder, 'reader');
  mkdirSync(folder);
  const service = await startService(consumer, process.execPath, 'serve.mjs');
  cpSync(join(programs, 'daemon.mjs'), join(folder, 'daemon.mjs'));
  // What the pages start.
  cpSync(join(programs, 'daemon.mjs'), join(folder, 'app.js'));
  const env = {
    ...consumer.env,
    PATH: `${join(consumer.folder, 'node_modules/.bin')}:${consumer.env['PATH'] ?? ''}`,
  };
  const daemon = await start(process.execPath, ['--inspect-port=0', 'daemon.mjs'], { cwd: folder, env });
  const snapshot = async (): Promise<string> => {
    const before = daemon.stdout().length;
    process.kill(daemon.pid, 'SIGUSR2');
    while (!daemon.stdout().slice(before).includes('written')) await sleep(20);
    return join(folder, 'daemon.heapsnapshot');
  };
  try {
    await daemon.says(/ready/u);
    await makeFiles(folder, service.url, snapshot);
    const world = { folder, env, service: new URL(service.url), pid: daemon.pid };
    await tryCommandsOf(ledger, world);
    await tryPrograms(ledger, world);
  } finally {
    await Promise.all([service.running, daemon].map((one) => one.end('SIGKILL')));
  }
}
