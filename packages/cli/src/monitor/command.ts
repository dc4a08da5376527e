// `stackpile monitor`: services that are watched for as long as it runs.
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import process from 'node:process';
import { gzipSync } from 'node:zlib';
import { isLoopback } from '@stackpile/agent/inspector';
import type { MonitorConfig, RangeProfile, Target, Viewer } from '@stackpile/monitor';
import { encodeProfile } from '@stackpile/profile';
import { parseSource, readTypedFile, SourceError, shownSource, systemReason } from '@stackpile/sources';
import type { CliIo } from '../io.ts';
import { leakOptions, sourceOptions } from '../leaks/command.ts';
import { UsageError } from '../leaks/command-line.ts';
import { visible } from '../leaks/terminal.ts';
import { type WatchIo, withInterrupt } from '../leaks/watch-io.ts';
import { pageOf } from '../report/report-file.ts';
import { pagePolicy } from '../web/page.ts';
import { type MonitorCommand, monitorUsage, parseMonitorArgs } from './command-line.ts';
import { openLog } from './log.ts';

/** Runs `stackpile monitor` with the arguments after `monitor`; resolves to the exit status. */
export async function runMonitor(argv: readonly string[], io: CliIo): Promise<number> {
  const complain = (message: string): void => {
    io.stderr.write(`stackpile monitor: ${visible(message, 1000)}\n`);
  };
  let isMonitorError: (error: unknown) => error is Error = (_): _ is Error => false;
  try {
    const command = parseMonitorArgs(argv);
    if (command === 'help') {
      io.stdout.write(monitorUsage);
      return 0;
    }
    const { MonitorError, StoreError } = await import('@stackpile/monitor');
    isMonitorError = (error): error is Error => error instanceof StoreError || error instanceof MonitorError;
    return await withInterrupt(io, (watchIo) => watch(command, io, watchIo));
  } catch (error) {
    if (error instanceof UsageError)
      complain(`${error.message} (stackpile monitor --help lists the options)`);
    else if (error instanceof SourceError || isMonitorError(error) || isListenError(error))
      complain(error.message);
    else throw error;
    return 2;
  }
}

function isListenError(error: unknown): error is Error {
  return error instanceof Error && 'syscall' in error && error.syscall === 'listen';
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
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
  const { MOST_ANSWER, mostUnpacked } = await import('@stackpile/monitor');
  const options = {
    ...(await sourceOptions(command.leaks, io)),
    // A target sends nobody elsewhere, and no answer of one takes the memory of all.
    sameHost: true,
    maxBytes: MOST_ANSWER,
    maxUnpacked: mostUnpacked(MOST_ANSWER),
  };
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
      url: spec.url.href,
      plan: {
        every: command.every,
        profiles: ['goroutine', 'heap'].map((name) => ({ name, every: command.profilesEvery, seconds: 0 })),
        leaks: leakOptions(command.leaks),
      },
      access: '',
      open: () => openService(spec, options),
    };
  });
}

/** The configuration as its file has it just now. @throws MonitorError, UsageError where there is no such file */
async function configOf(command: MonitorCommand, io: WatchIo): Promise<MonitorConfig> {
  if (command.config === null) return { jobs: [], receivers: [], forwards: [] };
  const { MOST_CONFIG_BYTES, readConfig } = await import('@stackpile/monitor');
  const path = resolve(io.cwd, command.config);
  let bytes: Uint8Array;
  try {
    bytes = await readTypedFile(path, MOST_CONFIG_BYTES);
  } catch (error) {
    const hint = command.targets.length === 0 ? ': name the services to watch, or a file with --config' : '';
    throw new UsageError(`${command.config}: ${systemReason(error)}${hint}`, { cause: error });
  }
  const timeout = command.leaks.timeout ?? 10_000;
  const defaults = { every: command.every, profilesEvery: command.profilesEvery, timeout };
  return readConfig(new TextDecoder().decode(bytes), command.config, dirname(path), defaults);
}

/** The page of every view, with the profiles of the ranges in it. */
async function viewer(profiles: readonly RangeProfile[]): ReturnType<Viewer> {
  const body = await pageOf(
    profiles.map(({ name, profile, time }) => {
      const bytes = gzipSync(encodeProfile(profile), { level: 1 });
      return { name, profile, time, bytes, size: bytes.length, text: () => null };
    }),
    true,
  );
  return { body, policy: pagePolicy(body) };
}

async function watch(command: MonitorCommand, cli: CliIo, io: WatchIo): Promise<number> {
  const tokens = await tokensOf(command, io);
  const targets = await targetsOf(command, io);
  // What is wrong with it is said before a store is made.
  await configOf(command, io);
  const say = await openLog(cli, command.log);
  const { openStoreOnThread, parseStorePlace, startMonitor } = await import('@stackpile/monitor');
  // Node 22 warns of its SQLite, which whoever reads this log cannot change.
  if (cli.ownProcess === true) process.removeAllListeners('warning');
  const place = parseStorePlace(command.store);
  const store = await openStoreOnThread(
    place.kind === 'clickhouse' || place.path === ':memory:'
      ? place
      : { ...place, path: resolve(io.cwd, place.path) },
  );
  try {
    const monitor = await startMonitor({
      targets,
      config: () => configOf(command, io),
      leaks: leakOptions(command.leaks),
      store,
      retention: { rawMs: command.keep, hourlyMs: command.keepHours, maxBytes: command.maxSize },
      receivers: command.webhooks.map((url) => ({ url, form: command.form, headers: {} })),
      listen: { host: command.host, port: command.port, tokens, allowedHosts: [] },
      clock: { now: () => io.now(), sleep: (ms, signal) => cli.sleep(ms, signal) },
      say,
      viewer,
      ...(command.externalUrl === null ? {} : { externalUrl: command.externalUrl }),
    });
    const shown = command.host.includes(':') ? `[${command.host}]` : command.host;
    const count = monitor.targets().length;
    say(
      `watching ${count} ${count === 1 ? 'service' : 'services'} every ${command.every / 1000} s: http://${shown}:${monitor.port}/`,
      { level: 'info', event: 'started', targets: count, port: monitor.port },
    );
    const reload = (): void => {
      monitor.reload().then(
        () => say('the configuration was read anew', { level: 'info', event: 'reloaded' }),
        (error: unknown) =>
          say(`the configuration stays as it was: ${messageOf(error)}`, {
            level: 'error',
            event: 'reload_failed',
          }),
      );
    };
    if (cli.ownProcess === true) process.on('SIGHUP', reload);
    if (!io.signal.aborted) await once(io.signal, 'abort');
    process.off('SIGHUP', reload);
    await monitor.stop();
    return 0;
  } finally {
    await store.close();
  }
}
