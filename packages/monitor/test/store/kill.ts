// A writer that is killed again and again at moments drawn by chance, and what the store has after each.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import process from 'node:process';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { openStore, parseStorePlace } from '@stackpile/monitor/store';
import { seriesOf } from './conformance.ts';

const EVER = { from: 0, to: 1e15 };
const writer = fileURLToPath(new URL('programs/writer.ts', import.meta.url));

/** The same numbers in every run of a seed. */
export function randomOf(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

export interface Kills {
  /** A store that is there or is made, as `stackpile store` names it. */
  readonly store: string;
  readonly rounds: number;
  readonly seed: number;
  /** Whether the writer's store works on its own thread. */
  readonly thread: boolean;
  /** Between the first acknowledged profile and the kill, at most, in milliseconds. */
  readonly mostMs: number;
  readonly after?: (round: number, acknowledged: number) => void;
}

export interface Killed {
  readonly kills: number;
  /** Profiles that a writer was told are kept, over all rounds. */
  readonly acknowledged: number;
  /** Kept without having been acknowledged: the kill came in between. */
  readonly unacknowledged: number;
  /** The longest time in which a store could be opened after a kill, in milliseconds. */
  readonly slowestOpen: number;
}

/** @throws AssertionError where a profile is missing, or counts twice */
export async function killWriters({
  store: name,
  rounds,
  seed,
  thread,
  mostMs,
  after,
}: Kills): Promise<Killed> {
  const random = randomOf(seed);
  let have = 0;
  let unacknowledged = 0;
  let slowestOpen = 0;
  for (let round = 0; round < rounds; round++) {
    const acknowledged = Math.max(have, await killed(name, have, thread, random() * mostMs));
    const began = performance.now();
    const store = await openStore(parseStorePlace(name));
    slowestOpen = Math.max(slowestOpen, performance.now() - began);
    const ids = await seriesOf(store);
    const [points] = await store.points(ids, EVER);
    const [total] = await store.timeline(ids, EVER, EVER.to, 'sum');
    const n = points?.n ?? 0;
    assert.ok(n >= acknowledged, `round ${round}: ${n} of ${acknowledged} are there`);
    // Each profile says how many there are with it: none is missing, none was counted twice.
    assert.equal(total?.value ?? 0, (n * (n + 1)) / 2, `round ${round}`);
    await store.close();
    unacknowledged += n - acknowledged;
    have = n;
    after?.(round, acknowledged);
  }
  const store = await openStore(parseStorePlace(name));
  const values = (await store.timeline(await seriesOf(store), EVER, 1, 'sum')).map(({ value }) => value);
  await store.close();
  assert.deepEqual(
    values,
    Array.from({ length: have }, (_, i) => i + 1),
  );
  return { kills: rounds, acknowledged: have - unacknowledged, unacknowledged, slowestOpen };
}

/** Starts a writer, kills it, and returns the number of the last profile that it was told is kept. */
async function killed(name: string, first: number, thread: boolean, ms: number): Promise<number> {
  const flags = ['--conditions=stackpile-source', '--disable-warning=ExperimentalWarning'];
  const args = [...flags, writer, name, String(first), ...(thread ? ['thread'] : [])];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  let said = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (said += text));
  const ended = once(child, 'close');
  await Promise.race([once(child.stdout, 'data'), ended]);
  await sleep(ms);
  child.kill('SIGKILL');
  await ended;
  return Number(said.split('\n').at(-2) ?? '0');
}
