// `stackpile monitor`: services that are watched for as long as it runs.
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import process from 'node:process';
import { isLoopback } from '@stackpile/agent/inspector';
import type { Target } from '@stackpile/monitor';
import { parseSource, SourceError, shownSource } from '@stackpile/sources';
import type { CliIo } from '../io.ts';
import { leakOptions, sourceOptions } from '../leaks/command.ts';
import { UsageError } from '../leaks/command-line.ts';
import { visible } from '../leaks/terminal.ts';
import { type WatchIo, withInterrupt } from '../leaks/watch-io.ts';
import { type MonitorCommand, monitorUsage, parseMonitorArgs } from './command-line.ts';

/** Runs `stackpile monitor` with the arguments after `monitor`; resolves to the exit status. */
export async function runMonitor(argv: readonly string[], io: CliIo): Promise<number> {
  const complain = (message: string): void => {
    io.stderr.write(`stackpile monitor: ${visible(message, 1000)}\n`);
  };
  let isStoreError: (error: unknown) => error is Error = (_): _ is Error => false;
  try {
    const command = parseMonitorArgs(argv);
    if (command === 'help') {
      io.stdout.write(monitorUsage);
      return 0;
    }
    const { StoreError } = await import('@stackpile/monitor');
    isStoreError = (error): error is Error => error instanceof StoreError;
    return await withInterrupt(io, (watchIo) => watch(command, io, watchIo));
  } catch (error) {
    if (error instanceof UsageError)
      complain(`${error.message} (stackpile monitor --help lists the options)`);
    else if (error instanceof SourceError || isStoreError(error) || isListenError(error))
      complain(error.message);
    else throw error;
    return 2;
  }
}

function isListenError(error: unknown): error is Error {
  return error instanceof Error && 'syscall' in error && error.syscall === 'listen';
}

async function tokensOf({ tokenFile, host }: MonitorCommand, io: WatchIo): Promise<string[]> {
  if (tokenFile === null) {
    if (isLoopback(host)) return [];
    throw new UsageError(`--listen ${host}: give --listen-token-file, or everybody may read there`);
  }
  const path = resolve(io.cwd, tokenFile);
  const token = await readFile(path, 'utf8').catch(() => '');
  if (token.trim() === '') throw new UsageError(`--listen-token-file ${tokenFile}: there is no token in it`);
  return [token.trim()];
}

async function targetsOf(command: MonitorCommand, io: WatchIo): Promise<Target[]> {
  const { openService } = await import('@stackpile/sources/service');
  const options = await sourceOptions(command.leaks, io);
  const names = new Set<string>();
  return command.targets.map(({ job, source }) => {
    const spec = parseSource(source, io.cwd);
    if (spec.kind !== 'url')
      throw new UsageError(`${shownSource(source)}: only addresses are watched, as http://host:6060`);
    const instance = spec.url.host;
    const name = job === '' ? instance : `${job} ${instance}`;
    if (names.has(name)) throw new UsageError(`${name}: it is there twice`);
    names.add(name);
    return {
      name,
      labels: { job: job === '' ? instance : job, instance },
      open: () => openService(spec, options),
    };
  });
}

async function watch(command: MonitorCommand, cli: CliIo, io: WatchIo): Promise<number> {
  const tokens = await tokensOf(command, io);
  const targets = await targetsOf(command, io);
  const { openSqliteStore, startMonitor } = await import('@stackpile/monitor');
  // Node 22 warns of its SQLite, which whoever reads this log cannot change.
  if (cli.ownProcess === true) process.removeAllListeners('warning');
  const store = await openSqliteStore(
    command.store === ':memory:' ? command.store : resolve(io.cwd, command.store),
  );
  const say = (sentence: string): void => {
    io.stderr.write(`${new Date(io.now()).toISOString()} ${visible(sentence, 1000)}\n`);
  };
  try {
    const monitor = await startMonitor({
      targets,
      plan: {
        every: command.every,
        profilesEvery: command.profilesEvery,
        leaks: leakOptions(command.leaks),
      },
      store,
      retention: { rawMs: command.keep, hourlyMs: command.keepHours, maxBytes: command.maxSize },
      receivers: command.webhooks.map((url) => ({ url, form: command.form, headers: {} })),
      listen: { host: command.host, port: command.port, tokens, allowedHosts: [] },
      clock: { now: () => io.now(), sleep: (ms, signal) => cli.sleep(ms, signal) },
      say,
    });
    const shown = command.host.includes(':') ? `[${command.host}]` : command.host;
    say(
      `watching ${targets.length} ${targets.length === 1 ? 'service' : 'services'} every ${command.every / 1000} s: http://${shown}:${monitor.port}/`,
    );
    if (!io.signal.aborted) await once(io.signal, 'abort');
    await monitor.stop();
    return 0;
  } finally {
    await store.close();
  }
}
