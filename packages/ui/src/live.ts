// A running service as the page sees it: its numbers, captures from its endpoints, a bounded history of both.
import { batch, computed, type ReadonlySignal, signal, type Signal } from '@preact/signals';
import { type BootService, type Counters, readCounters, readOffers } from '@stackpile/profile';
import { indexOf, type IndexRow, outlook, type Outlook, type Reading, readingsOf } from './live-index.ts';
import { EngineError } from './engine/error.ts';
import { HttpError } from './engine/download.ts';
import { credentials, open } from './open.ts';
import { live, notice, profiles, sentence } from './store.ts';

/** One look at the service. */
export interface Look {
  /** Milliseconds since 1970. */
  readonly time: number;
  readonly readings: ReadonlyMap<string, Reading>;
  /** As it told them; null where it tells none. */
  readonly counters: Counters | null;
  /** Row of the profile that was recorded at this look, -1 for none. */
  readonly recorded: number;
}

const maxLooks = 720;
const maxRecorded = 60;
const interval = 2000;
/** Every so many looks a goroutine profile is recorded, so that any stretch can be compared later. */
const recordEvery = 5;

export const looks: Signal<readonly Look[]> = signal<readonly Look[]>([]);
export const watching: Signal<boolean> = signal(false);
/** Whether tasks are recorded every so often; null is the default of the service: not where a look makes it stand still. */
export const wantsRecording: Signal<boolean | null> = signal<boolean | null>(null);
export const recording: ReadonlySignal<boolean> = computed(
  () => wantsRecording.value ?? live.value?.heavy !== true,
);
export const capturing: Signal<string> = signal('');
export const liveError: Signal<string> = signal('');
export const offered: Signal<readonly IndexRow[]> = signal<readonly IndexRow[]>([]);
/** Where memory is heading, as far as it was watched. */
export const memoryOutlook: ReadonlySignal<Outlook | null> = computed(() => {
  const list = looks.value;
  return outlook(
    list.map(({ time }) => time),
    list.map(({ readings }) => readings.get('RSS')?.value ?? null),
    list.at(-1)?.readings.get('RSS')?.limit ?? null,
  );
});

let timer = 0;
let turn = 0;

async function ask(path: string, signalled?: AbortSignal): Promise<globalThis.Response> {
  const target = live.peek();
  if (target === null) throw new EngineError('NO_SERVICE', 'This page has no running service to ask.');
  const response = await fetch(`${target.base}${path}`, {
    headers: credentials(),
    cache: 'no-store',
    credentials: 'same-origin',
    ...(signalled === undefined ? {} : { signal: signalled }),
  });
  if (!response.ok) {
    const reason = (await response.text()).trim().split('\n', 1)[0] ?? '';
    throw new HttpError(
      response.status,
      `${target.name} answered ${response.status}${reason === '' ? '' : `: ${reason.slice(0, 300)}`}`,
    );
  }
  return response;
}

async function look(): Promise<void> {
  try {
    const rows = indexOf(readOffers(await (await ask('offers')).json()));
    const counters = rows.some(({ name }) => name === 'counters')
      ? readCounters(await (await ask('counters')).json())
      : null;
    const readings = readingsOf(rows, counters);
    offered.value = rows;
    let recorded = -1;
    const kept = looks.peek().filter((one) => one.recorded >= 0).length;
    const tasks = rows.some(({ name }) => name === 'goroutine');
    if (recording.peek() && turn % recordEvery === 0 && kept < maxRecorded && tasks) {
      recorded = await capture('goroutine', tasksOf(rows, counters), true);
    }
    turn++;
    looks.value = [...looks.peek(), { time: Date.now(), readings, counters, recorded }].slice(-maxLooks);
    liveError.value = '';
  } catch (error) {
    liveError.value = sentence(error);
  }
}

/** Above so many goroutines a dump with all that Go knows of each stops the service for too long. */
const mostForIds = 10_000;

/** What is asked for where tasks are wanted: Go says who started them, and since when they wait, only in full dumps. */
function tasksOf(rows: readonly IndexRow[], counters: Counters | null): string {
  const count = rows.find(({ name }) => name === 'goroutine')?.count ?? Infinity;
  return counters?.runtime === 'go' && count <= mostForIds ? 'goroutine?debug=2' : 'goroutine';
}

/** Shows another of the page's services: what was seen of the last one is not its history. */
export function choose(service: BootService): void {
  batch(() => {
    live.value = service;
    looks.value = [];
    offered.value = [];
    liveError.value = '';
    turn = 0;
  });
}

/** Begins to look at the service every two seconds, while the page is visible. */
export function watch(): () => void {
  watching.value = true;
  const step = async (): Promise<void> => {
    if (!document.hidden) await look();
    if (watching.peek()) timer = window.setTimeout(() => void step(), interval);
  };
  void step();
  return () => {
    watching.value = false;
    window.clearTimeout(timer);
  };
}

/** Captures one profile and opens it; returns its row among the open profiles, -1 where it failed. */
export async function capture(name: string, path: string, quiet = false): Promise<number> {
  if (!quiet) capturing.value = name;
  try {
    const response = await ask(path);
    const bytes = new Uint8Array(await response.arrayBuffer());
    const time = Date.now();
    const clock = new Date(time).toTimeString().slice(0, 8);
    await open(`${name} ${clock}`, bytes, time);
    const row = profiles.peek().length - 1;
    if (!quiet) {
      notice.value = `Captured ${name}: it is the profile shown now.`;
      // Tasks that were asked for are a moment to compare like those that were recorded.
      const last = looks.peek().at(-1);
      if (name === 'goroutine' && last !== undefined)
        looks.value = [...looks.peek().slice(0, -1), { ...last, recorded: row }];
    }
    return row;
  } catch (error) {
    if (!quiet) notice.value = sentence(error);
    else liveError.value = sentence(error);
    return -1;
  } finally {
    if (!quiet) capturing.value = '';
  }
}
