// Running services as the page sees them: their numbers, captures from their endpoints, a bounded history of both for each.
import { batch, computed, type ReadonlySignal, signal, type Signal } from '@preact/signals';
import { type BootService, type Counters, readCounters, readOffers } from '@stackpile/profile';
import { HttpError } from './engine/download.ts';
import { EngineError } from './engine/error.ts';
import { indexOf, type IndexRow, outlook, type Outlook, type Reading, readingsOf } from './live-index.ts';
import { forget, keepLooks, type KeptMoment, keepMoments, restore } from './live-store.ts';
import { credentials, open } from './open.ts';
import {
  current,
  live,
  navigate,
  notice,
  profiles,
  sentence,
  series,
  serviceOf,
  services,
  state,
  tagProfile,
} from './store.ts';

/** One look at a service. */
export interface Look {
  /** Milliseconds since 1970. */
  readonly time: number;
  readonly readings: ReadonlyMap<string, Reading>;
  /** As it told them; null where it tells none. */
  readonly counters: Counters | null;
  /** Row of the profile that was recorded at this look, -1 for none. */
  readonly recorded: number;
}

/** What is known of one service. */
export interface History {
  readonly looks: readonly Look[];
  readonly offered: readonly IndexRow[];
  /** Why it did not answer the last time, '' where it did. */
  readonly error: string;
}

const maxLooks = 720;
const maxRecorded = 60;
/** Milliseconds between two looks at the service that is shown, and at the others. */
const interval = { shown: 2000, others: 10_000 } as const;
/** A goroutine profile is recorded so often at first, so that any stretch can be compared later. */
const recordEvery = 10_000;
/** After so many it is recorded half as often: all that are kept reach back for an hour. */
const perPace = 12;
/** Moments from which a series can be judged. */
const enough = 4;

const nothing: History = { looks: [], offered: [], error: '' };
const histories: Signal<ReadonlyMap<string, History>> = signal<ReadonlyMap<string, History>>(new Map());

/** What is known of the service `name`. */
export function historyOf(name: string | undefined): History {
  return histories.value.get(name ?? '') ?? nothing;
}

function change(name: string, patch: Partial<History>): void {
  const now = histories.peek();
  histories.value = new Map(now).set(name, { ...(now.get(name) ?? nothing), ...patch });
}

export const looks: ReadonlySignal<readonly Look[]> = computed(() => historyOf(live.value?.name).looks);
/** Looks at the service whose profile is shown. */
export const looksOfShown: ReadonlySignal<readonly Look[]> = computed(
  () => historyOf(serviceOf(current.value) ?? live.value?.name).looks,
);
/** Whether tasks are recorded every so often; null is the default of the service: not where a look makes it stand still. */
export const wantsRecording: Signal<boolean | null> = signal<boolean | null>(null);
export const recording: ReadonlySignal<boolean> = computed(() => records(live.value));
export const capturing: Signal<string> = signal('');
export const liveError: ReadonlySignal<string> = computed(() => historyOf(live.value?.name).error);
export const offered: ReadonlySignal<readonly IndexRow[]> = computed(
  () => historyOf(live.value?.name).offered,
);
/** Where memory is heading, as far as it was watched. */
export const memoryOutlook: ReadonlySignal<Outlook | null> = computed(() => {
  const list = looks.value;
  return outlook(
    list.map(({ time }) => time),
    list.map(({ readings }) => readings.get('RSS')?.value ?? null),
    list.at(-1)?.readings.get('RSS')?.limit ?? null,
  );
});

function records(service: BootService | null): boolean {
  return wantsRecording.value ?? service?.heavy !== true;
}

async function ask(target: BootService | null, path: string): Promise<globalThis.Response> {
  if (target === null) throw new EngineError('NO_SERVICE', 'This page has no running service to ask.');
  const response = await fetch(`${target.base}${path}`, {
    headers: credentials(),
    cache: 'no-store',
    credentials: 'same-origin',
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

/** Under what this browser keeps a service: pages of several may come from one address. */
function keyOf({ name }: BootService): string {
  return `${location.pathname.replace(/[^/]*$/, '')} ${name}`;
}

/** The recorded profiles of each service, to be kept. */
const moments = new Map<string, readonly KeptMoment[]>();

async function look(target: BootService): Promise<void> {
  try {
    const rows = indexOf(readOffers(await (await ask(target, 'offers')).json()));
    const counters = rows.some(({ name }) => name === 'counters')
      ? readCounters(await (await ask(target, 'counters')).json())
      : null;
    const readings = readingsOf(rows, counters);
    change(target.name, { offered: rows, error: '' });
    await forgetOther(target, counters);
    const before = histories.peek().get(target.name)?.looks ?? [];
    const kept = before.filter((one) => one.recorded >= 0);
    const pace = recordEvery * 2 ** Math.floor(kept.length / perPace);
    // Looks are not exactly apart.
    const due = Date.now() - (kept.at(-1)?.time ?? 0) >= pace - 500;
    const tasks = rows.some(({ name }) => name === 'goroutine');
    const recorded =
      records(target) && due && kept.length < maxRecorded && tasks
        ? await record(target, tasksOf(rows, counters))
        : -1;
    const seen = { time: Date.now(), readings, counters, recorded };
    // A capture may have marked its look meanwhile.
    const all = [...(histories.peek().get(target.name)?.looks ?? []), seen].slice(-maxLooks);
    change(target.name, { looks: all });
    if (recorded >= 0) void keepLooks(keyOf(target), all);
    if (recorded >= 0) offerVerdict(target);
  } catch (error) {
    change(target.name, { error: sentence(error) });
  }
}

/** Another process answers than the one that was seen before: what was kept of that one is not its history. */
async function forgetOther(target: BootService, counters: Counters | null): Promise<void> {
  const last = histories
    .peek()
    .get(target.name)
    ?.looks.findLast((one) => one.counters !== null)?.counters;
  const began = (one: Counters | null | undefined): number | null =>
    one?.uptime == null ? null : one.time - one.uptime * 1000;
  const a = began(last);
  const b = began(counters);
  if (a === null || b === null || Math.abs(a - b) < 5000) return;
  change(target.name, { looks: [] });
  moments.delete(target.name);
  await forget(keyOf(target));
}

/** Above so many goroutines a dump with all that Go knows of each stops the service for too long. */
const mostForIds = 10_000;

/** What is asked for where tasks are wanted: Go says who started them, and since when they wait, only in full dumps. */
function tasksOf(rows: readonly IndexRow[], counters: Counters | null): string {
  const count = rows.find(({ name }) => name === 'goroutine')?.count ?? Infinity;
  return counters?.runtime === 'go' && count <= mostForIds ? 'goroutine?debug=2' : 'goroutine';
}

/** Shows another of the page's services, and what was captured of it last. */
export function choose(service: BootService): void {
  batch(() => {
    live.value = service;
    const row = profiles.peek().findLastIndex((one) => serviceOf(one) === service.name);
    if (row >= 0) navigate({ source: row, base: -1, zoom: '' }, true);
  });
}

let isLooking = false;
/** Whether the Live view is open: then looks are more frequent. */
let isOpen = false;

/** Begins to look at every service of the page, while it is visible; those that stand still at a look only when Live is open. */
export function watchAll(): void {
  if (isLooking) return;
  isLooking = true;
  const last = new Map<string, number>();
  const step = async (): Promise<void> => {
    if (!document.hidden) {
      const now = Date.now();
      const due = services.peek().filter((service) => {
        const shown = service.name === live.peek()?.name;
        if (service.heavy && !(shown && isOpen)) return false;
        const every = shown && isOpen ? interval.shown : interval.others;
        return now - (last.get(service.name) ?? 0) >= every - 100;
      });
      for (const service of due) last.set(service.name, now);
      await Promise.all(due.map(look));
    }
    window.setTimeout(() => void step(), 500);
  };
  void Promise.all(services.peek().map(takeUp)).then(step);
}

/** While the Live view is open. */
export function watch(): () => void {
  isOpen = true;
  watchAll();
  return () => {
    isOpen = false;
  };
}

/** Takes up what this browser kept of a service before the page was loaded again. */
async function takeUp(service: BootService): Promise<void> {
  const kept = await restore(keyOf(service));
  const rows = new Map<number, number>();
  const opened: KeptMoment[] = [];
  for (const { time, name, bytes } of kept.moments) {
    try {
      rows.set(time, await openTagged(service, name, bytes.slice(), time, true));
      opened.push({ time, name, bytes });
    } catch {
      // Kept by another version, or damaged: the others are there.
    }
  }
  moments.set(service.name, opened);
  if (kept.looks.length === 0) return;
  const recorded = (time: number): number =>
    [...rows].find(([taken]) => Math.abs(taken - time) < 1500)?.[1] ?? -1;
  const before = historyOf(service.name).looks;
  change(service.name, {
    looks: [...kept.looks.map((one) => ({ ...one, recorded: recorded(one.time) })), ...before],
  });
}

/** Opens what a service answered. @returns its row among the open profiles */
async function openTagged(
  service: BootService,
  name: string,
  bytes: Uint8Array<ArrayBuffer>,
  time: number,
  isRecorded: boolean,
): Promise<number> {
  const id = await open(name, bytes, time, undefined, (made) => tagProfile(made, service.name, isRecorded));
  return profiles.peek().findIndex((one) => one.id === id);
}

function clockName(name: string, time: number): string {
  return `${name} ${new Date(time).toTimeString().slice(0, 8)}`;
}

/** Records tasks by itself; throws what went wrong. */
async function record(target: BootService, path: string): Promise<number> {
  const bytes = new Uint8Array(await (await ask(target, path)).arrayBuffer());
  const time = Date.now();
  const name = clockName('goroutine', time);
  const list = [...(moments.get(target.name) ?? []), { time, name, bytes: bytes.slice() }];
  const row = await openTagged(target, name, bytes, time, true);
  moments.set(target.name, list);
  void keepMoments(keyOf(target), list);
  return row;
}

/** Captures one profile of the service that is shown and opens it; returns its row among the open profiles, -1 where it failed. */
export async function capture(name: string, path: string): Promise<number> {
  const target = live.peek();
  capturing.value = name;
  try {
    const response = await ask(target, path);
    const bytes = new Uint8Array(await response.arrayBuffer());
    const time = Date.now();
    if (target === null) return -1;
    const kept = bytes.slice();
    const row = await openTagged(target, clockName(name, time), bytes, time, false);
    notice.value = `Captured ${name}: it is the profile shown now.`;
    // Tasks that were asked for are a moment to compare like those that were recorded.
    const list = historyOf(target.name).looks;
    const last = list.at(-1);
    if (name === 'goroutine' && last !== undefined) {
      const all = [...list.slice(0, -1), { ...last, time, recorded: row }];
      change(target.name, { looks: all });
      const taken = [...(moments.get(target.name) ?? []), { time, name: clockName(name, time), bytes: kept }];
      moments.set(target.name, taken);
      void keepMoments(keyOf(target), taken);
      void keepLooks(keyOf(target), all);
    }
    return row;
  } catch (error) {
    notice.value = sentence(error);
    return -1;
  } finally {
    capturing.value = '';
  }
}

/** Forgets what this browser keeps of the service that is shown; what is open stays open. */
export async function forgetShown(): Promise<void> {
  const target = live.peek();
  if (target === null) return;
  moments.delete(target.name);
  await forget(keyOf(target));
  notice.value = 'Forgotten: a reload begins anew.';
}

let isTouched = false;
let isOffered = false;
for (const event of ['pointerdown', 'keydown', 'wheel'])
  addEventListener(event, () => (isTouched = true), { once: true, capture: true, passive: true });

/** Once there is enough to judge: the verdict comes first as long as nobody did anything, else it is said that it is there. */
function offerVerdict(target: BootService): void {
  if (isOffered || live.peek()?.name !== target.name) return;
  const recorded = historyOf(target.name).looks.filter((one) => one.recorded >= 0).length;
  if (recorded < enough || series.value.length < enough) return;
  isOffered = true;
  if (!isTouched && state.peek().view === 'flame') navigate({ view: 'verdict', zoom: '' }, true);
  else if (state.peek().view !== 'verdict') notice.value = 'There is enough to judge now: see Verdict.';
}
