// Where programs are judged: their dependencies, the agent as npm gets it, a redis; and an end that leaves nothing behind.
import {
  type ChildProcess,
  execFile,
  execFileSync,
  spawn,
  spawnSync,
  type StdioOptions,
} from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import process from 'node:process';
import { Readable } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { command } from '../command.ts';
import { closedPort, listens } from '../listening.ts';
import { installOnce } from '../nodes.ts';
import type { Ran } from './outcome.ts';
import type { Program, ProgramSet } from './program.ts';
import { haveRedis, startRedis } from './redis.ts';

/** `agent`: by the address of the agent within it, or of Go's own endpoints; `pid`: a bare process. */
export type Mode = 'agent' | 'pid';

export const modes: readonly Mode[] = ['agent', 'pid'];

/** The port that the programs take where nothing is said. */
const REDIS_PORT = 6399;
/** A program must be up by then, also on a machine that is busy. */
const START_MS = 60_000;
/** What a verdict may take beside the time that it watches. */
const PATIENCE_MS = 150_000;
/** A bare process says nothing when it is up; a person does not ask within its first moment either. */
const SETTLE_MS = 2_000;
const MOST_STDERR = 10_000;

const repository = fileURLToPath(new URL('../..', import.meta.url));
const cache = join(repository, '.cache/programs');

export const haveGo: boolean = spawnSync('go', ['version'], { stdio: 'ignore' }).status === 0;

/** Whether Node can be asked about a program in this mode at all; Go has no inspector. */
export function canJudge(program: Program, mode: Mode): boolean {
  return program.language === 'node' || mode === 'agent';
}

/**
 * Installs what the programs of a set import, unless it is there already.
 *
 * @returns the `node_modules` folder
 * @throws what npm says where it cannot be reached
 */
export function installPackages({ name, packages }: ProgramSet): string {
  return installOnce(join('programs', name), packages);
}

interface Started {
  readonly child: ChildProcess;
  /** What `stackpile leaks` is given. */
  readonly source: string;
  readonly complaints: () => string;
}

/** Reads the first line of a stream, or null where it ends without one. */
async function firstLine(stream: Readable): Promise<string | null> {
  let text = '';
  for await (const chunk of stream.setEncoding('utf8')) {
    text += String(chunk);
    if (text.includes('\n')) return text.slice(0, text.indexOf('\n'));
  }
  return null;
}

/** The last of what a stream says. */
function tail(stream: Readable | null): () => string {
  let text = '';
  stream?.setEncoding('utf8').on('data', (chunk: string) => {
    text = (text + chunk).slice(-MOST_STDERR);
  });
  return () => text;
}

/** Judges programs, several at a time if need be. `close()` it, also when something was thrown. */
export class Workshop {
  readonly #node: string;
  /** For this run only: the agent, and whatever programs write. */
  readonly #folder: string;
  readonly #children = new Set<ChildProcess>();
  /** Binaries of programs in Go, by what they are built from. */
  readonly #built = new Map<string, Promise<string>>();
  #redisPort: number | null = null;
  #isClosed = false;

  /** @param node runs the programs; the command runs on the Node that runs this. */
  constructor(node: string) {
    this.#node = node;
    mkdirSync(cache, { recursive: true });
    this.#folder = mkdtempSync(join(cache, 'run-'));
  }

  /** Whether it was closed: nothing is started any more. */
  get isClosed(): boolean {
    return this.#isClosed;
  }

  /** Installs, builds and starts what these programs need. Throws where npm, Go or redis does not do it. */
  async prepare(sets: readonly ProgramSet[]): Promise<void> {
    mkdirSync(join(this.#folder, 'tmp'));
    const agent = join(this.#folder, 'node_modules/@stackpile/agent');
    const bundle = join(repository, 'scripts/bundle-agent.ts');
    execFileSync(process.execPath, ['--conditions=stackpile-source', bundle, agent]);
    writeFileSync(join(agent, 'package.json'), JSON.stringify({ type: 'module', exports: './index.js' }));
    copyFileSync(fileURLToPath(new URL('preload.mjs', import.meta.url)), join(this.#folder, 'preload.mjs'));
    for (const set of sets) this.#prepareSet(set);
    // Without one the clients go on trying to connect: that leaks too, but is not what the program is about.
    if (haveRedis && sets.some(({ programs }) => programs.some(({ redis }) => redis))) {
      const { port, child } = await startRedis(this.#folder, REDIS_PORT);
      this.#redisPort = port;
      this.#children.add(child);
    }
  }

  /** Copies the programs beside their dependencies: their own folder may be read-only, and has none. */
  #prepareSet(set: ProgramSet): void {
    const { name, folder, programs } = set;
    const here = join(this.#folder, name);
    mkdirSync(join(here, 'go'), { recursive: true });
    for (const { file, language } of programs)
      if (language === 'node') copyFileSync(join(folder, file), join(here, file));
    symlinkSync(installPackages(set), join(here, 'node_modules'), 'junction');
  }

  /**
   * Runs a program, watches it, and ends it.
   *
   * @param seconds how long the command watches
   * @param env what the environment of the command has beside ours
   * @throws where the program does not start, or ends by itself
   */
  run(
    set: ProgramSet,
    program: Program,
    mode: Mode,
    seconds: number,
    env: Readonly<Record<string, string>> = {},
  ): Promise<Ran> {
    return this.visit(set, program, mode, ({ source }) =>
      this.#command(['leaks', source, '--for', `${seconds}s`, '--json'], seconds, env),
    );
  }

  /**
   * Runs a program for as long as `use` takes, and ends it.
   *
   * @param args more arguments for Node, before the program's file
   * @throws where the program does not start, or ends by itself; what `use` throws
   */
  async visit<T>(
    set: ProgramSet,
    program: Program,
    mode: Mode,
    use: (visited: { readonly source: string; readonly pid: number }) => Promise<T>,
    args: readonly string[] = [],
  ): Promise<T> {
    const started = await this.#start(set, program, mode, args);
    try {
      const used = await use({ source: started.source, pid: started.child.pid ?? 0 });
      if (started.child.exitCode !== null || started.child.signalCode !== null)
        throw new Error(`${program.name} ended by itself: ${started.complaints().trimEnd()}`);
      return used;
    } finally {
      await this.#kill(started.child);
    }
  }

  #start(set: ProgramSet, program: Program, mode: Mode, more: readonly string[]): Promise<Started> {
    if (program.language === 'go') return this.#startGo(set, program);
    return mode === 'agent' ? this.#startWithAgent(set, program, more) : this.#startBare(set, program, more);
  }

  /** The environment of a program: nothing of ours but where redis is, and a folder for temporary files that goes with us. */
  #env(more: Readonly<Record<string, string>>): NodeJS.ProcessEnv {
    const { NODE_OPTIONS: _options, ...env } = process.env;
    return {
      ...env,
      TMPDIR: join(this.#folder, 'tmp'),
      ...(this.#redisPort === null ? {} : { REDIS_PORT: String(this.#redisPort) }),
      ...more,
    };
  }

  /** In a group of its own: what it forks ends with it. */
  #spawn(program: string, args: readonly string[], stdio: StdioOptions, more = {}): ChildProcess {
    return this.#running(spawn(program, args, { stdio, detached: true, env: this.#env(more) }));
  }

  /** Keeps a child in mind until its end. */
  #running<C extends ChildProcess>(child: C): C {
    if (this.#isClosed) {
      child.kill('SIGKILL');
      throw new Error('closed');
    }
    this.#children.add(child);
    return child;
  }

  async #startWithAgent({ name }: ProgramSet, { file }: Program, more: readonly string[]): Promise<Started> {
    const preload = pathToFileURL(join(this.#folder, 'preload.mjs')).href;
    const args = [...more, '--import', preload, join(this.#folder, name, file)];
    const stdio: StdioOptions = ['ignore', 'ignore', 'pipe', 'pipe'];
    const child = this.#spawn(this.#node, args, stdio, { STACKPILE_JUDGED_FD: '3' });
    const complaints = tail(child.stderr);
    const pipe = child.stdio[3];
    const told = pipe instanceof Readable ? firstLine(pipe) : Promise.resolve(null);
    const source = await Promise.race([told, delay(START_MS, null, { ref: false })]);
    if (source === null) {
      await this.#kill(child);
      throw new Error(`${file}: the agent did not start: ${complaints().trimEnd()}`);
    }
    return { child, source, complaints };
  }

  /** Its inspector, once it is asked for, takes any free port: with the usual one only one program could be judged at a time. */
  async #startBare({ name }: ProgramSet, { file }: Program, more: readonly string[]): Promise<Started> {
    const args = [...more, '--inspect-port=0', join(this.#folder, name, file)];
    const child = this.#spawn(this.#node, args, ['ignore', 'ignore', 'pipe']);
    const complaints = tail(child.stderr);
    await delay(SETTLE_MS);
    return { child, source: `pid:${child.pid ?? 0}`, complaints };
  }

  /** Built once: nobody can write to what runs already. */
  #build({ name, folder }: ProgramSet, { file }: Program): Promise<string> {
    const source = join(folder, file);
    const known = this.#built.get(source);
    if (known !== undefined) return known;
    const binary = join(this.#folder, name, file.replace(/\.go$/u, ''));
    const args = ['build', '-o', binary, basename(file)];
    const built = promisify(execFile)('go', args, { cwd: dirname(source), timeout: 300_000 }).then(
      () => binary,
    );
    this.#built.set(source, built);
    return built;
  }

  async #startGo(set: ProgramSet, program: Program): Promise<Started> {
    const { file } = program;
    const binary = await this.#build(set, program);
    const port = await closedPort();
    const child = this.#spawn(binary, [], ['ignore', 'ignore', 'pipe'], { ADDR: `127.0.0.1:${port}` });
    const complaints = tail(child.stderr);
    const patience = Date.now() + START_MS;
    while (!(await listens(port))) {
      if (Date.now() > patience || child.exitCode !== null) {
        await this.#kill(child);
        throw new Error(`${file} does not listen: ${complaints().trimEnd()}`);
      }
      await delay(100);
    }
    return { child, source: `http://127.0.0.1:${port}/debug/pprof/`, complaints };
  }

  async #command(
    args: readonly string[],
    seconds: number,
    env: Readonly<Record<string, string>>,
  ): Promise<Ran> {
    const child = this.#running(
      spawn(command.program, [...command.args, ...args], {
        stdio: ['ignore', 'pipe', 'pipe'],
        env: { ...process.env, NO_COLOR: '1', ...env },
        timeout: seconds * 1000 + PATIENCE_MS,
        killSignal: 'SIGKILL',
      }),
    );
    const complaints = tail(child.stderr);
    let stdout = '';
    child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
      stdout += chunk;
    });
    const [status] = (await once(child, 'close')) as [number | null];
    this.#children.delete(child);
    return { status, stdout, stderr: complaints() };
  }

  /** Ends a program with whatever it forked. */
  async #kill(child: ChildProcess): Promise<void> {
    this.#children.delete(child);
    const { pid } = child;
    if (pid === undefined) return;
    const ended = child.exitCode === null && child.signalCode === null ? once(child, 'exit') : null;
    try {
      // What it forked may outlive it.
      process.kill(-pid, 'SIGKILL');
    } catch {
      child.kill('SIGKILL');
    }
    await ended;
  }

  /** Ends everything that runs and removes what was made for this run; dependencies stay installed. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await Promise.all([...this.#children].map((child) => this.#kill(child)));
    rmSync(this.#folder, { recursive: true, force: true, maxRetries: 3 });
  }
}
