// Reads a bundle of the black box. Whatever lies in the folder may be anybody's: names are ours, files are regular and of bounded size.
import fs, { lstatSync, readdirSync } from 'node:fs';
import { basename, join } from 'node:path';
import {
  type Counters,
  decodeText,
  type Profile,
  readCounters,
  readProfile,
  readRegularFile,
  safeText,
} from '@stackpile/profile';
import type { CliErrorCode } from '../errors.ts';

/** A folder that has no bundle, or one that cannot be read; the message is one sentence. */
export class BundleError extends Error {
  override readonly name = 'BundleError';
  readonly code: CliErrorCode = 'BUNDLE';
}

const BUNDLE = /^\d{4}-\d\d-\d\dT\d\d-\d\d-\d\dZ-\d+-[0-9a-f]{8}$/u;
const PROFILE = /^(?:earlier-(\d{1,3})-)?(goroutine|heap|heapclasses|profile)\.pb\.gz$/u;
const MOST_JSON = 16 * 2 ** 20;
const MOST_PROFILE = 256 * 2 ** 20;
const MOST_ENTRIES = 10_000;
/** Profiles that are read, and what one may have when it is unpacked: so many times its size, and no more than that. */
const MOST_PROFILES = 64;
const MOST_RATIO = 100;
const LEAST_UNPACKED = 64 * 2 ** 20;
const MOST_UNPACKED = 512 * 2 ** 20;
/** Rows of a ledger: an hour has less than five hundred. */
const MOST_ROWS = 5000;
/** Words of a command line, and sentences on what is missing. */
const MOST_WORDS = 100;
/** Milliseconds that a date can be made of. */
const MOST_TIME = 8.64e15;

/** What has crossed its line. */
export interface Crossed {
  readonly what: string;
  readonly value: number;
  readonly line: number;
  readonly limit: number | null;
}

/** What the judge had said when a bundle was written; safe to show. */
export interface RecordedVerdict {
  readonly kind: 'leak' | 'none' | 'unsure';
  readonly sentence: string;
}

/** A bundle, read. */
export interface ReadBundle {
  readonly path: string;
  readonly time: number;
  /** null where whoever wrote it did not know. */
  readonly pid: number | null;
  /** What was guarded from outside; '' where the process wrote it itself. */
  readonly source: string;
  readonly runtime: string;
  readonly commandLine: string;
  readonly crossed: Crossed;
  /** Whether the process lived long enough to finish it. */
  readonly isWhole: boolean;
  readonly ledger: readonly Counters[];
  /** Profiles by kind, oldest first, and where each lies. */
  readonly profiles: ReadonlyMap<string, readonly { readonly path: string; readonly profile: Profile }[]>;
  /** Sentences on what is not there, or cannot be read. */
  readonly missing: readonly string[];
  /** null where none was written. */
  readonly recorded: RecordedVerdict | null;
}

function isFolder(path: string): boolean {
  try {
    return lstatSync(path).isDirectory();
  } catch {
    return false;
  }
}

/**
 * The newest bundle of a folder, or the folder where it is one itself.
 *
 * @throws {BundleError}
 */
export function newestBundle(dir: string): string {
  let names: string[];
  try {
    names = readdirSync(dir);
  } catch (error) {
    const { code = 'it cannot be read' } = error as NodeJS.ErrnoException;
    throw new BundleError(`${safeText(dir)}: ${code === 'ENOENT' ? 'there is no such folder' : code}`);
  }
  if (names.includes('box.json')) return dir;
  const bundles = names
    .slice(0, MOST_ENTRIES)
    .filter((name) => BUNDLE.test(name) && isFolder(join(dir, name)));
  const newest = bundles.sort().at(-1);
  if (newest === undefined)
    throw new BundleError(`${safeText(dir)}: there is no bundle of a black box in it`);
  return join(dir, newest);
}

/** Reads a file of the bundle itself: a link may lead anywhere. */
function bytesOf(path: string, most: number): Uint8Array {
  if (lstatSync(path).isSymbolicLink()) throw new BundleError('it is a link, which is not followed');
  return readRegularFile(fs, path, most);
}

function jsonOf(path: string): unknown {
  try {
    return JSON.parse(decodeText(bytesOf(path, MOST_JSON)));
  } catch (error) {
    // Its words may be anybody's.
    const why = error instanceof SyntaxError ? 'it is no JSON' : reasonOf(error);
    throw new BundleError(`${safeText(path)}: ${why}`);
  }
}

function reasonOf(error: unknown): string {
  return safeText((error instanceof Error ? error.message : String(error)).split('\n', 1)[0] ?? '').slice(
    0,
    300,
  );
}

type Fields = Readonly<Record<string, unknown>>;

function fieldsOf(value: unknown): Fields {
  return typeof value === 'object' && value !== null ? (value as Fields) : {};
}

function numberOf(value: unknown): number | null {
  return typeof value === 'number' && Number.isFinite(value) ? value : null;
}

/** A time that a date can be made of; 0 for what is none. */
function timeOf(value: unknown): number {
  const time = numberOf(value) ?? 0;
  return Math.abs(time) <= MOST_TIME ? time : 0;
}

function wordOf(value: unknown): string {
  return typeof value === 'string' ? safeText(value).slice(0, 300) : '';
}

function crossedOf(value: unknown, path: string): Crossed {
  const { what, value: at, line, limit } = fieldsOf(value);
  const [reached, drawn] = [numberOf(at), numberOf(line)];
  if (reached === null || drawn === null)
    throw new BundleError(`${safeText(path)}: it does not say what was crossed`);
  return { what: wordOf(what), value: reached, line: drawn, limit: numberOf(limit) };
}

function ledgerOf(path: string, missing: string[]): Counters[] {
  try {
    const rows = jsonOf(path);
    return (Array.isArray(rows) ? rows : [])
      .slice(-MOST_ROWS)
      .map((row: unknown) => readCounters(row, 'ledger.json'))
      .map((row) => ({ ...row, time: timeOf(row.time) }));
  } catch (error) {
    missing.push(`the ledger cannot be read: ${reasonOf(error)}`);
    return [];
  }
}

const verdictKinds = ['leak', 'none', 'unsure'] as const;

/** The verdict that was written; none where there is no such file, or it says nothing. */
function recordedOf(path: string): RecordedVerdict | null {
  try {
    const { kind, sentence } = fieldsOf(jsonOf(path));
    const known = verdictKinds.find((one) => one === kind);
    return known === undefined || typeof sentence !== 'string'
      ? null
      : { kind: known, sentence: safeText(sentence, 2000) };
  } catch {
    return null;
  }
}

/**
 * Reads a bundle.
 *
 * @throws {BundleError}
 */
export async function readBundle(path: string): Promise<ReadBundle> {
  const box = fieldsOf(jsonOf(join(path, 'box.json')));
  if (box['schema'] !== 'stackpile.box/1')
    throw new BundleError(`${safeText(join(path, 'box.json'))}: it is no bundle of this version's black box`);
  const missing = Object.entries(fieldsOf(box['missing']))
    .slice(0, MOST_WORDS)
    .map(([name, why]) => `no ${safeText(name).slice(0, 60)}: ${wordOf(why)}`);
  const files = readdirSync(path)
    .slice(0, MOST_ENTRIES)
    .flatMap((name) => {
      const [, number, kind] = PROFILE.exec(name) ?? [];
      return kind === undefined
        ? []
        : [{ name, kind, order: number === undefined ? Infinity : Number(number) }];
    })
    .sort((a, b) => a.order - b.order);
  if (files.length > MOST_PROFILES)
    missing.push(`${files.length - MOST_PROFILES} profiles are not read: there are ${files.length}`);
  const profiles = new Map<string, { path: string; profile: Profile }[]>();
  for (const { name, kind } of files.slice(-MOST_PROFILES)) {
    try {
      const at = join(path, name);
      const bytes = bytesOf(at, MOST_PROFILE);
      const maxBytes = Math.min(MOST_UNPACKED, Math.max(LEAST_UNPACKED, bytes.length * MOST_RATIO));
      const profile = await readProfile(bytes, { maxBytes });
      profiles.set(kind, [...(profiles.get(kind) ?? []), { path: at, profile }]);
    } catch (error) {
      missing.push(`${name} cannot be read: ${reasonOf(error)}`);
    }
  }
  const line = box['commandLine'];
  return {
    path,
    time: timeOf(box['time']),
    pid: numberOf(box['pid']),
    source: wordOf(box['source']),
    runtime: wordOf(box['runtime']),
    commandLine: Array.isArray(line)
      ? line.slice(0, MOST_WORDS).map(wordOf).join(' ').slice(0, 500)
      : basename(path),
    crossed: crossedOf(box['crossed'], path),
    isWhole: box['isWhole'] === true,
    ledger: ledgerOf(join(path, 'ledger.json'), missing),
    profiles,
    missing,
    recorded: recordedOf(join(path, 'verdict.json')),
  };
}
