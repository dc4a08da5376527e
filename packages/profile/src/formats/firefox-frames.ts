// A row of the Firefox Profiler's table of frames, as a frame: older files say it as a text, newer ones by columns.
import { scriptFilename } from '../script-filename.ts';
import { type Columns, valueAt } from './firefox-tables.ts';

const MAX_LINE = 2 ** 31 - 2;

/** Tables that a thread has, or that all share. */
export interface Tables {
  readonly stackTable: Columns;
  readonly frameTable: Columns;
  readonly funcTable: Columns;
  readonly resourceTable: Columns;
  readonly sources: readonly string[];
  readonly texts: readonly string[];
}

/** A frame as its table tells it. */
export interface FoxFrame {
  readonly name: string;
  readonly file: string;
  readonly line: number;
  readonly column: number;
  readonly startLine: number;
}

/** The text of a row, '' where there is none. */
export function text(texts: readonly string[], row: number): string {
  return Number.isInteger(row) ? (texts[row] ?? '') : '';
}

function lineOf(value: number): number {
  return Number.isInteger(value) && value > 0 && value <= MAX_LINE ? value : 0;
}

/** What code of a script that belongs to no function is called. */
const TOP_LEVEL = '(module)';

/**
 * Reads `name (file:line:column)`, as Firefox writes frames of scripts, and the address of a script; others are names alone. The
 * newer ones say behind it which of the sources it is: `[2]`.
 */
function readLocation(said: string, line: number, column: number): FoxFrame {
  const location = said.replace(/(\)|\w)\[\d{1,9}\]$/, '$1');
  if (/^[a-z][a-z+.-]*:\/\/[^ ()]+$/.test(location))
    return { name: TOP_LEVEL, file: scriptFilename(location), line, column, startLine: 0 };
  const open = location.lastIndexOf(' (');
  const close = location.indexOf(')', open);
  const inner = open < 0 || close < 0 ? '' : location.slice(open + 2, close);
  const place = /:(\d{1,9})(?::(\d{1,9}))?$/.exec(inner);
  if (place === null) return { name: location, file: '', line, column, startLine: 0 };
  const [, start = '0', startColumn = '0'] = place;
  return {
    name: location.slice(0, open),
    file: scriptFilename(inner.slice(0, place.index)),
    line: line === 0 ? lineOf(Number(start)) : line,
    column: line === 0 ? lineOf(Number(startColumn)) : column,
    startLine: lineOf(Number(start)),
  };
}

/** The frame of a row of the table of frames. */
export function frameOf(
  { frameTable, funcTable, resourceTable, sources, texts }: Tables,
  row: number,
): FoxFrame {
  const line = lineOf(valueAt(frameTable, 'line', row));
  const column = line === 0 ? 0 : lineOf(valueAt(frameTable, 'column', row));
  const location = valueAt(frameTable, 'location', row);
  if (!Number.isNaN(location)) return readLocation(text(texts, location), line, column);
  const func = valueAt(frameTable, 'func', row);
  const startLine = lineOf(valueAt(funcTable, 'lineNumber', func));
  const name = text(texts, valueAt(funcTable, 'name', func));
  // What nobody named is told by where it lies.
  const resource = isAddress(name) ? valueAt(funcTable, 'resource', func) : NaN;
  const library = text(texts, valueAt(resourceTable, 'name', resource));
  const source = valueAt(funcTable, 'source', func);
  const file = Number.isNaN(source)
    ? text(texts, valueAt(funcTable, 'fileName', func))
    : (sources[source] ?? '');
  return {
    name: library === '' ? name : `[${library}]`,
    file: scriptFilename(file),
    line: line === 0 ? startLine : line,
    column: line === 0 ? lineOf(valueAt(funcTable, 'columnNumber', func)) : column,
    startLine,
  };
}

/** Whether a name is an address, for want of one. */
export function isAddress(name: string): boolean {
  return /^0x[0-9a-f]{1,16}$/.test(name);
}
