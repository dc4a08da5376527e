// What was seen of a running service, kept by this browser so that a reload does not lose it: bounded, and only for a day.
import { type Counters, readCounters } from '@stackpile/profile';
import type { Reading } from './live-index.ts';

/** A look as it is kept. */
export interface KeptLook {
  /** Milliseconds since 1970. */
  readonly time: number;
  readonly readings: ReadonlyMap<string, Reading>;
  readonly counters: Counters | null;
}

/** A profile that was recorded. */
export interface KeptMoment {
  readonly time: number;
  readonly name: string;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

export interface KeptHistory {
  readonly looks: readonly KeptLook[];
  readonly moments: readonly KeptMoment[];
}

/** Nothing older is taken up again. */
const longest = 24 * 3_600_000;
/** Bytes of the profiles of one service: older ones are left out. */
const mostBytes = 24 * 2 ** 20;
const database = 'stackpile-live';

let opening: Promise<IDBDatabase | null> | null = null;

/** The database; null where this browser keeps nothing. */
function open(): Promise<IDBDatabase | null> {
  opening ??= new Promise((resolve) => {
    try {
      const request = indexedDB.open(database, 1);
      request.onupgradeneeded = () => {
        request.result.createObjectStore('looks');
        request.result.createObjectStore('moments');
      };
      request.onsuccess = () => resolve(request.result);
      request.onerror = () => resolve(null);
      request.onblocked = () => resolve(null);
    } catch {
      resolve(null);
    }
  });
  return opening;
}

type Store = 'looks' | 'moments';

/** Runs one request; undefined where it fails: what is kept is a convenience. */
async function run<T>(
  store: Store,
  mode: IDBTransactionMode,
  make: (store: IDBObjectStore) => IDBRequest<T>,
): Promise<T | undefined> {
  const base = await open();
  if (base === null) return undefined;
  return new Promise((resolve) => {
    try {
      const transaction = base.transaction(store, mode);
      const request = make(transaction.objectStore(store));
      request.onsuccess = () => resolve(request.result);
      transaction.onerror = () => resolve(undefined);
      transaction.onabort = () => resolve(undefined);
    } catch {
      resolve(undefined);
    }
  });
}

/** What was kept of a service under `key`; nothing of it where it is too old. */
export async function restore(key: string, now: number = Date.now()): Promise<KeptHistory> {
  const none = { looks: [], moments: [] };
  const looks: unknown = await run('looks', 'readonly', (store) => store.get(key));
  const moments: unknown = await run('moments', 'readonly', (store) => store.get(key));
  const kept = {
    looks: listOf(looks, readLook).filter(({ time }) => now - time < longest),
    moments: listOf(moments, readMoment).filter(({ time }) => now - time < longest),
  };
  return kept.looks.length === 0 ? none : kept;
}

function listOf<T>(value: unknown, read: (one: object) => T | null): T[] {
  if (!Array.isArray(value)) return [];
  return value.slice(0, 2000).flatMap((one: unknown) => {
    const item = typeof one === 'object' && one !== null ? read(one) : null;
    return item === null ? [] : [item];
  });
}

function readLook(one: object): KeptLook | null {
  if (!('time' in one && typeof one.time === 'number' && 'readings' in one && one.readings instanceof Map))
    return null;
  const readings = new Map<string, Reading>();
  for (const [name, reading] of one.readings as Map<unknown, unknown>)
    if (typeof name === 'string' && isReading(reading)) readings.set(name, reading);
  return { time: one.time, readings, counters: 'counters' in one ? countersOf(one.counters) : null };
}

function isReading(value: unknown): value is Reading {
  return (
    typeof value === 'object' &&
    value !== null &&
    'value' in value &&
    typeof value.value === 'number' &&
    'unit' in value &&
    (value.unit === 'count' || value.unit === 'bytes' || value.unit === 'milliseconds') &&
    'limit' in value &&
    (value.limit === null || typeof value.limit === 'number')
  );
}

/** Counters as another version of this page may have kept them; null where they are none any more. */
function countersOf(value: unknown): Counters | null {
  try {
    return value === null ? null : readCounters(value);
  } catch {
    return null;
  }
}

function readMoment(one: object): KeptMoment | null {
  return 'time' in one &&
    typeof one.time === 'number' &&
    'name' in one &&
    typeof one.name === 'string' &&
    'bytes' in one &&
    one.bytes instanceof Uint8Array &&
    one.bytes.buffer instanceof ArrayBuffer
    ? { time: one.time, name: one.name, bytes: new Uint8Array(one.bytes) }
    : null;
}

/** The latest moments that are together within the bound. */
export function withinBound(moments: readonly KeptMoment[]): readonly KeptMoment[] {
  let bytes = 0;
  const from = moments.findLastIndex((one) => (bytes += one.bytes.length) > mostBytes);
  return moments.slice(from + 1);
}

/** Keeps the looks of a service. */
export async function keepLooks(key: string, looks: readonly KeptLook[]): Promise<void> {
  const plain = looks.map(({ time, readings, counters }) => ({
    time,
    readings: new Map(readings),
    counters,
  }));
  await run('looks', 'readwrite', (store) => store.put(plain, key));
}

/** Keeps the recorded profiles of a service. */
export async function keepMoments(key: string, moments: readonly KeptMoment[]): Promise<void> {
  await run('moments', 'readwrite', (store) => store.put([...withinBound(moments)], key));
}

/** Forgets a service. */
export async function forget(key: string): Promise<void> {
  await run('looks', 'readwrite', (store) => store.delete(key));
  await run('moments', 'readwrite', (store) => store.delete(key));
}
