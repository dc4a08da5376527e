// What may be asked of the black box, and the checks that turn it into settings without gaps.
import { isAbsolute, resolve } from 'node:path';
import { type Destinations, isHeader, webAddress } from './black-box-destinations.ts';
import { type Check, number, options, refuse, text, whole } from './option-checks.ts';

/** A line: a part of the limit (`'85%'`), or a size (`'512MB'`). */
export type Level = string;

/** Where the lines are; what is left out is at 90 % of its limit, the heap at 75 %, and lag is not watched. */
export interface BlackBoxLines {
  /** Resident memory: of the cgroup's limit, or what else bounds the process. */
  readonly rss?: Level;
  /** V8's heap: of `--max-old-space-size`, or V8's own limit. */
  readonly heap?: Level;
  /** Open descriptors: of the system's limit for the process (`ulimit -n`). */
  readonly descriptors?: Level;
  /** How long the event loop may stand still: `'2s'`, `'500ms'`. */
  readonly lag?: string;
}

/** Options of the black box. */
export interface BlackBoxOptions {
  /** The folder for bundles; made where it is not there. */
  readonly dir: string;
  readonly at?: BlackBoxLines;
  /** Most bundles that are kept; the oldest leave. Default 5. */
  readonly bundles?: number;
  /** Most megabytes that they take together. Default 200. */
  readonly megabytes?: number;
  /** Sends each file of a bundle with HTTP PUT below this address, as soon as it is there. */
  readonly upload?: string;
  /** Is sent a small JSON with HTTP POST when a bundle is begun: where, when, what crossed which line. */
  readonly webhook?: string;
  /** Headers of the requests to both: `{ Authorization: 'Bearer …' }`. */
  readonly headers?: Readonly<Record<string, string>>;
}

/** A line, told by what it is compared with. */
export type Line =
  | { readonly kind: 'share'; readonly share: number }
  | { readonly kind: 'value'; readonly value: number };

/** Options, complete. Lag in milliseconds, null for not watched. */
export interface BlackBoxSettings {
  readonly dir: string;
  readonly rss: Line;
  readonly heap: Line;
  readonly descriptors: Line;
  readonly lag: number | null;
  readonly bundles: number;
  readonly megabytes: number;
  readonly to: Destinations;
}

const units: Readonly<Record<string, number>> = { '': 1, k: 2 ** 10, m: 2 ** 20, g: 2 ** 30, t: 2 ** 40 };

/** `85%`, `512MB`, `900`; null for what is neither. */
export function lineOf(written: string): Line | null {
  const percent = /^(\d{1,3}(?:\.\d+)?)\s*%$/u.exec(written)?.[1];
  if (percent !== undefined) {
    const share = Number(percent) / 100;
    return share > 0 && share <= 1 ? { kind: 'share', share } : null;
  }
  const [, size, unit = ''] = /^(\d+(?:\.\d+)?)\s*(?:([kmgt])i?b?|b)?$/iu.exec(written) ?? [];
  const value = Number(size) * (units[unit.toLowerCase()] ?? Number.NaN);
  return Number.isFinite(value) && value > 0 ? { kind: 'value', value } : null;
}

/** `2s`, `500ms`; null for what is no time. Milliseconds. */
export function millisecondsOf(written: string): number | null {
  const [, value, unit] = /^(\d+(?:\.\d+)?)\s*(ms|s)$/u.exec(written) ?? [];
  const ms = Number(value) * (unit === 's' ? 1000 : 1);
  return Number.isFinite(ms) && ms >= 50 ? ms : null;
}

const level: Check = (name, value) => {
  if (typeof value !== 'string' || lineOf(value.trim()) === null)
    refuse(name, value, "a part of the limit, like '85%', or a size, like '512MB'");
};

const lag: Check = (name, value) => {
  if (typeof value !== 'string' || millisecondsOf(value.trim()) === null)
    refuse(name, value, "a time from 50 ms on, like '2s' or '500ms'");
};

const address: Check = (name, value) => {
  if (typeof value !== 'string' || webAddress(value) === null)
    refuse(name, typeof value, 'an address of HTTP');
};

const headers: Check = (name, value) => {
  const all = typeof value === 'object' && value !== null ? Object.entries(value) : null;
  const wrong = all?.find(([header, text]) => !isHeader(header, text));
  // Their values are nobody's to read.
  if (all === null || all.length > 20) refuse(name, typeof value, 'an object of at most 20 headers');
  if (wrong !== undefined)
    refuse(`${name}.${wrong[0].slice(0, 60)}`, typeof wrong[1], 'a header that can be sent');
};

const checks = {
  dir: text(/^[^\0]{1,4000}$/u, 'the path of a folder'),
  at: options({ rss: level, heap: level, descriptors: level, lag } satisfies Record<
    keyof BlackBoxLines,
    Check
  >),
  bundles: whole(1, 1000),
  megabytes: number(1, 1_000_000),
  upload: address,
  webhook: address,
  headers,
} satisfies Record<keyof BlackBoxOptions, Check>;

/** The check of the option that holds these. */
export const blackBoxOption: Check = (name, value) => {
  if (typeof value !== 'object' || value === null) refuse(name, value, 'an object with dir');
  options(checks)(name, value);
  if ((value as Partial<BlackBoxOptions>).dir === undefined) refuse(name, value, 'whole: it needs dir');
};

const DEFAULT: Line = { kind: 'share', share: 0.9 };
/**
 * From 80 % of its old generation on V8 gives up when four collections in a row have freed too little for the time that they took:
 * `Heap::CheckIneffectiveMarkCompact`, measured as aborts at 81.7 to 84.4 MB of 100.
 */
const HEAP_DEFAULT: Line = { kind: 'share', share: 0.75 };

function lineOr(written: string | undefined, otherwise: Line = DEFAULT): Line {
  return (written === undefined ? null : lineOf(written.trim())) ?? otherwise;
}

/** Checked options, complete. */
export function blackBoxSettings({
  dir,
  at = {},
  bundles = 5,
  megabytes = 200,
  upload,
  webhook,
  headers: sent = {},
}: BlackBoxOptions): BlackBoxSettings {
  return {
    dir: isAbsolute(dir) ? dir : resolve(dir),
    rss: lineOr(at.rss),
    heap: lineOr(at.heap, HEAP_DEFAULT),
    descriptors: lineOr(at.descriptors),
    lag: at.lag === undefined ? null : millisecondsOf(at.lag.trim()),
    bundles,
    megabytes,
    to: { upload: upload ?? null, webhook: webhook ?? null, headers: sent },
  };
}
