// Regular expressions of the reports that mean what was typed, a name, or a box.
import { maxShownLength, quotePattern } from '@stackpile/profile';
import type { FrameGranularity } from '@stackpile/report/flame';

/** The filter that finds what the search `source` finds. */
export function searchFilter(source: string): string {
  if (source.startsWith('(?i)')) return source;
  // Escapes and names of groups are no letters.
  const letters = source.replace(/\\(?:[pP]\{[^}]*\}|[pP]?[^])|\(\?P?</g, '');
  return /\p{L}/u.test(letters) && letters === letters.toLowerCase() ? `(?i)${source}` : source;
}

/** A regular expression that matches exactly what is shown as `name`, and the name in the profile behind it. */
export function exactPattern(name: string): string {
  const isCut = name.length > maxShownLength && name.endsWith('…');
  const shown = isCut ? name.slice(0, -1) : name;
  // A character that was made visible may also stand in the name just so.
  const body = shown
    .split(/(\\(?:x[\da-f]{2}|u\{[\da-f]+\}))/)
    .map((part, index) =>
      index % 2 === 0 ? quotePattern(part) : `(?:${quotePattern(part)}|${hidden(part)})`,
    );
  return `^${body.join('')}${isCut ? '' : '$'}`;
}

/** What was made visible as `\x1b` or `\u{202e}`; a byte that is not UTF-8 is U+FFFD to Go. */
function hidden(shown: string): string {
  const code = shown.replace(/[^\da-f]/g, '');
  return shown.startsWith('\\x') && Number.parseInt(code, 16) >= 0x80 ? '\\x{fffd}' : `\\x{${code}}`;
}

/**
 * The filter that finds the functions of a box by what it is labelled with; null where nothing of a profile's names says it: an
 * address, all that has no name, the whole runtime.
 */
export function boxPattern(name: string, granularity: FrameGranularity): string | null {
  const collapsed = /^\[(.+)\]$/.exec(name)?.[1];
  if (collapsed !== undefined)
    return /^(?:runtime|library)$/.test(collapsed) ? null : packagePattern(collapsed);
  if (granularity === 'packages') return /^\(.*\)$/.test(name) ? null : packagePattern(name);
  if (/^(?:\((?:unknown|no file)\)|(?:.*\+)?0x[\da-f]+)$/.test(name)) return null;
  return exactPattern(granularity === 'lines' ? name.replace(/:\d+$/, '') : name);
}

/** Functions of a package by their files (of Node, of npm, of a folder) or, in Go, by their names. */
function packagePattern(label: string): string {
  const path = quotePattern(label).replaceAll('/', String.raw`[\\/]`);
  return label.startsWith('node:')
    ? `^${path}(?:/|$)`
    : String.raw`(?:^|[\\/])node_modules[\\/]${path}[\\/]|^${path}\.|^${path}[\\/][^\\/]*$`;
}
