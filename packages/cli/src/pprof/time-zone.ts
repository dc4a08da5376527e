// Local time zones from the system's tz database, with its abbreviations; Intl has others.
// Upstream: golang/go src/time/zoneinfo.go, 1.26.8
import * as fs from 'node:fs';
import { join } from 'node:path';
import { readRegularFile } from '@stackpile/profile';
import type { TimeZone, ZoneTime } from '@stackpile/report';

const UTC: ZoneTime = { offsetSeconds: 0, abbreviation: 'UTC' };

/** The largest file of the database has 4 kB. */
const MOST_BYTES = 1 << 20;

const databaseFolders = [
  '/usr/share/zoneinfo',
  '/usr/share/lib/zoneinfo',
  '/usr/lib/locale/TZ',
  '/etc/zoneinfo',
];

/** A rule like `M3.2.0/2`: when in a year a change happens, in seconds of local time since the year began. */
type YearRule = (year: number) => number;

/** What holds behind the last transition: standard time, and summer time between two dates of each year. */
interface Footer {
  readonly standard: ZoneTime;
  readonly summer?: { readonly time: ZoneTime; readonly start: YearRule; readonly end: YearRule };
}

const DAY = 86_400;

function daysBefore(year: number): number {
  return Date.UTC(year, 0, 1) / (DAY * 1000);
}
function isLeap(year: number): boolean {
  return daysBefore(year + 1) - daysBefore(year) === 366;
}

/** `[+-]hh[:mm[:ss]]` in seconds. */
function clockSeconds(text: string): number {
  const [hours = '0', minutes = '0', seconds = '0'] = text.replace(/^[+-]/, '').split(':');
  const size = Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds);
  return text.startsWith('-') ? -size : size;
}

function yearRule(text: string): YearRule | undefined {
  const match = /^(?:M(\d+)\.(\d+)\.(\d+)|J(\d+)|(\d+))(?:\/([+-]?[\d:]+))?$/.exec(text);
  if (match === null) return undefined;
  const [, month, week, weekday, julian, day, time = '2'] = match;
  const seconds = clockSeconds(time);
  if (month !== undefined) {
    return (year) => {
      const first = Date.UTC(year, Number(month) - 1, 1) / (DAY * 1000);
      const length = Date.UTC(year, Number(month), 1) / (DAY * 1000) - first;
      // 1970 began on a Thursday.
      const firstWeekday = (((first + 4) % 7) + 7) % 7;
      let date = (Number(weekday) - firstWeekday + 7) % 7;
      date += 7 * (Number(week) - 1);
      while (date >= length) date -= 7;
      return (first + date - daysBefore(year)) * DAY + seconds;
    };
  }
  if (julian !== undefined) {
    // February 29 is never counted.
    return (year) => (Number(julian) - 1 + (isLeap(year) && Number(julian) >= 60 ? 1 : 0)) * DAY + seconds;
  }
  return () => Number(day) * DAY + seconds;
}

/** A POSIX TZ text, as the end of a tz file has it: `CET-1CEST,M3.5.0,M10.5.0/3`. */
function parseFooter(text: string): Footer | undefined {
  const name = '(<[^>]+>|[A-Za-z]{3,})';
  const offset = '([+-]?[\\d:]+)';
  const match = new RegExp(`^${name}${offset}(?:${name}${offset}?(?:,([^,]+),([^,]+))?)?$`).exec(text);
  if (match === null) return undefined;
  const [, standardName = '', standardOffset = '0', summerName, summerOffset, start, end] = match;
  const plain = (quoted: string): string => quoted.replace(/^<|>$/g, '');
  const standard = { offsetSeconds: 0 - clockSeconds(standardOffset), abbreviation: plain(standardName) };
  if (summerName === undefined || start === undefined || end === undefined) return { standard };
  const startRule = yearRule(start);
  const endRule = yearRule(end);
  if (startRule === undefined || endRule === undefined) return { standard };
  const offsetSeconds =
    summerOffset === undefined ? standard.offsetSeconds + 3600 : 0 - clockSeconds(summerOffset);
  const time = { offsetSeconds, abbreviation: plain(summerName) };
  return { standard, summer: { time, start: startRule, end: endRule } };
}

function footerTime(footer: Footer, seconds: number): ZoneTime {
  const { standard, summer } = footer;
  if (summer === undefined) return standard;
  const year = new Date((seconds + standard.offsetSeconds) * 1000).getUTCFullYear();
  const inYear = seconds - daysBefore(year) * DAY;
  const start = summer.start(year) - standard.offsetSeconds;
  const end = summer.end(year) - summer.time.offsetSeconds;
  const isSummer = start < end ? inYear >= start && inYear < end : inYear >= start || inYear < end;
  return isSummer ? summer.time : standard;
}

/** A tz file (RFC 8536) as a zone; undefined where the bytes are none. */
export function parseZone(file: Uint8Array): TimeZone | undefined {
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  const text = (from: number, to: number): string => String.fromCharCode(...file.subarray(from, to));
  try {
    if (text(0, 4) !== 'TZif') return undefined;
    const version = view.getUint8(4);
    const header = (at: number): { length: number; counts: number[] } => {
      const counts = Array.from({ length: 6 }, (_, i) => view.getUint32(at + 20 + 4 * i));
      const [utc = 0, std = 0, leap = 0, times = 0, types = 0, chars = 0] = counts;
      const width = at === 0 ? 4 : 8;
      return {
        counts,
        length: 44 + times * (width + 1) + types * 6 + chars + leap * (width + 4) + std + utc,
      };
    };
    let at = 0;
    let block = header(0);
    const long = version >= 0x32;
    if (long) {
      at = block.length;
      block = header(at);
    }
    const [, , , times = 0, types = 0, chars = 0] = block.counts;
    const width = long ? 8 : 4;
    let cursor = at + 44;
    const transitions = Array.from({ length: times }, (_, i) =>
      long ? Number(view.getBigInt64(cursor + 8 * i)) : view.getInt32(cursor + 4 * i),
    );
    cursor += times * width;
    const indexes = file.subarray(cursor, cursor + times);
    cursor += times;
    const typesAt = cursor;
    const charsAt = cursor + types * 6;
    const zones: ZoneTime[] = [];
    let standard: ZoneTime | undefined;
    for (let i = 0; i < types; i++) {
      const nameAt = charsAt + view.getUint8(typesAt + 6 * i + 5);
      const end = file.indexOf(0, nameAt);
      if (nameAt > charsAt + chars) return undefined;
      const zone = { offsetSeconds: view.getInt32(typesAt + 6 * i), abbreviation: text(nameAt, end) };
      zones.push(zone);
      if (view.getUint8(typesAt + 6 * i + 4) === 0) standard ??= zone;
    }
    const [firstType] = zones;
    if (firstType === undefined) return undefined;
    const footer = long ? parseFooter(text(at + block.length, file.length).trim()) : undefined;
    // Before the first transition the first standard time holds.
    const early = indexes.length > 0 ? (standard ?? firstType) : firstType;
    return (seconds) => {
      const last = transitions.at(-1);
      if (footer !== undefined && (last === undefined || seconds >= last)) return footerTime(footer, seconds);
      let low = 0;
      let high = transitions.length;
      while (low < high) {
        const middle = (low + high) >> 1;
        if ((transitions[middle] as number) <= seconds) low = middle + 1;
        else high = middle;
      }
      return low === 0 ? early : (zones[indexes[low - 1] as number] ?? firstType);
    };
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}

/** What JavaScript knows of a zone, for systems without a tz database. */
function intlZone(name: string | undefined): TimeZone {
  const format = new Intl.DateTimeFormat('en-US', {
    ...(name === undefined ? {} : { timeZone: name }),
    timeZoneName: 'short',
    hourCycle: 'h23',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
    second: 'numeric',
  });
  return (seconds) => {
    const parts = Object.fromEntries(
      format.formatToParts(seconds * 1000).map((part) => [part.type, part.value]),
    );
    const part = (key: string): number => Number(parts[key]);
    const local = Date.UTC(
      part('year'),
      part('month') - 1,
      part('day'),
      part('hour'),
      part('minute'),
      part('second'),
    );
    return { offsetSeconds: local / 1000 - seconds, abbreviation: parts['timeZoneName'] ?? '' };
  };
}

function readZone(path: string): TimeZone | undefined {
  try {
    return parseZone(readRegularFile(fs, path, MOST_BYTES));
  } catch {
    return undefined;
  }
}

/**
 * The zone that Go would use: `TZ` unset is the system's own, empty is UTC, else a name of the database or a path; an
 * unknown name is UTC. The database is read when the first time is asked for.
 */
export function localZone(tz: string | undefined): TimeZone {
  let zone: TimeZone | undefined;
  return (seconds) => {
    zone ??= findZone(tz);
    return zone(seconds);
  };
}

function findZone(tz: string | undefined): TimeZone {
  const utc: TimeZone = () => UTC;
  if (tz === undefined)
    return readZone('/etc/localtime') ?? (process.platform === 'win32' ? intlZone(undefined) : utc);
  const name = tz.replace(/^:/, '');
  if (name === '' || name === 'UTC') return utc;
  if (name.startsWith('/')) return readZone(name) ?? utc;
  if (name.split('/').includes('..')) return utc;
  for (const folder of databaseFolders) {
    const found = readZone(join(folder, name));
    if (found !== undefined) return found;
  }
  try {
    return intlZone(name);
  } catch {
    return utc;
  }
}
