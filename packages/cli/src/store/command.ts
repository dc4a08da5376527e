// `stackpile store copy`: what a monitor keeps, from one place to another.
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import process from 'node:process';
import type { ProfileStore, StorePlace } from '@stackpile/monitor';
import type { CliIo } from '../io.ts';
import { UsageError } from '../leaks/command-line.ts';
import { visible } from '../leaks/terminal.ts';
import { withInterrupt } from '../leaks/watch-io.ts';
import { parseStoreArgs, type StoreCommand, storeUsage } from './command-line.ts';

const STOPPED = 130;

/** Runs `stackpile store` with the arguments after `store`; resolves to the exit status. */
export async function runStore(argv: readonly string[], io: CliIo): Promise<number> {
  const complain = (message: string): void => {
    io.stderr.write(`stackpile store: ${visible(message, 1000)}\n`);
  };
  let isStoreError: (error: unknown) => error is Error = (_): _ is Error => false;
  try {
    const command = parseStoreArgs(argv);
    if (command === 'help') {
      io.stdout.write(storeUsage);
      return 0;
    }
    const { StoreError } = await import('@stackpile/monitor');
    isStoreError = (error): error is Error => error instanceof StoreError;
    return await withInterrupt(io, ({ signal }) => copy(command, io, signal));
  } catch (error) {
    if (error instanceof UsageError) complain(`${error.message} (stackpile store --help)`);
    else if (isStoreError(error)) complain(error.message);
    else throw error;
    return 2;
  }
}

/** A store by what was typed. What is copied from has to be there. */
async function placeOf(text: string, cwd: string): Promise<StorePlace> {
  const { parseStorePlace } = await import('@stackpile/monitor');
  const place = parseStorePlace(text);
  if (place.kind === 'clickhouse') return place;
  if (place.path === '' || place.path === ':memory:') throw new UsageError(`${text}: write sqlite:FILE`);
  const path = resolve(cwd, place.path);
  return { ...place, path, name: path };
}

async function copy({ from, to }: StoreCommand, io: CliIo, signal: AbortSignal): Promise<number> {
  const { copyStore, openStore } = await import('@stackpile/monitor');
  const [source, target] = [await placeOf(from, io.cwd), await placeOf(to, io.cwd)];
  if (source.kind === 'sqlite' && !existsSync(source.path))
    throw new UsageError(`${from}: there is no such file`);
  if (JSON.stringify(source) === JSON.stringify(target)) throw new UsageError('FROM and TO are the same');
  // Node 22 warns of its SQLite, which whoever reads this cannot change.
  if (io.ownProcess === true) process.removeAllListeners('warning');
  const open: ProfileStore[] = [];
  try {
    for (const place of [source, target]) open.push(await openStore(place));
    const [read, written] = open;
    if (read === undefined || written === undefined) return 2;
    let told = 0;
    const report = await copyStore(
      { name: source.name, store: read },
      { name: target.name, store: written },
      {
        signal,
        copied(done, all) {
          const percent = Math.floor((done / all) * 10) * 10;
          if (percent > told) io.stderr.write(`${percent} %: ${done} of ${all} series\n`);
          told = percent;
        },
      },
    );
    io.stdout.write(
      `${report.profiles} profiles of ${report.series} series are in ${visible(target.name, 500)}, and as many in ${visible(source.name, 500)}; ${report.notes} notes\n`,
    );
    return 0;
  } catch (error) {
    if (!signal.aborted || error !== signal.reason) throw error;
    io.stderr.write('stopped; the same command goes on from here\n');
    return STOPPED;
  } finally {
    for (const store of open) await store.close();
  }
}
