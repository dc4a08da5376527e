// Tables of the Firefox Profiler: columns by name, or rows whose places a schema names.
import type { JsonScanner } from '../bytes/json-scanner.ts';
import { GrowingFloat64 } from '../columns/growable.ts';

/** The columns of a table that hold numbers; NaN where a row has none. */
export interface Columns {
  readonly length: number;
  readonly numbers: ReadonlyMap<string, GrowingFloat64>;
}

/** The value of a row; NaN where there is none. */
export function valueAt({ numbers }: Columns, name: string, row: number): number {
  const column = numbers.get(name);
  return column !== undefined && row >= 0 && row < column.length ? column.get(row) : NaN;
}

/** Columns that are used: others are skipped. */
const USED: ReadonlySet<string> = new Set([
  'stack',
  'time',
  'timeDeltas',
  'weight',
  'threadCPUDelta',
  'prefix',
  'prefixOffset',
  'frame',
  'func',
  'line',
  'column',
  'location',
  'name',
  'fileName',
  'source',
  'resource',
  'lineNumber',
  'columnNumber',
  'filename',
]);

/** Reads `{name: [value, …], …}`; the cursor stands before an object. */
export function readColumns(json: JsonScanner): Columns {
  const numbers = new Map<string, GrowingFloat64>();
  let length = 0;
  json.object();
  for (let key = json.key(); key !== null; key = json.key()) {
    if (!USED.has(key) || json.kind() !== 'array') {
      json.skip();
      continue;
    }
    const column = new GrowingFloat64(0);
    json.array();
    while (json.item()) column.push(json.numberOrNone());
    numbers.set(key, column);
    length = Math.max(length, column.length);
  }
  return { length, numbers };
}

/** Where each column stands in a row; the cursor stands before the schema. */
function readSchema(json: JsonScanner): Map<number, string> {
  const names = new Map<number, string>();
  if (!json.objectOrNone()) return names;
  for (let key = json.key(); key !== null; key = json.key()) {
    const at = json.integerOrNone(0, 1000);
    if (at >= 0 && USED.has(key)) names.set(at, key);
  }
  return names;
}

/** Reads `{schema: {name: place}, data: [[value, …], …]}`; null where it is none, and then the cursor stands anywhere. */
export function readRows(json: JsonScanner): Columns | null {
  let schema: Map<number, string> | null = null;
  let data = -1;
  json.object();
  for (let key = json.key(); key !== null; key = json.key()) {
    if (key === 'schema') schema = readSchema(json);
    else if (key === 'data') {
      json.kind();
      data = json.at;
      json.skip();
    } else json.skip();
  }
  if (schema === null || data < 0) return null;
  const behind = json.at;
  json.at = data;
  const columns = readData(json, schema);
  json.at = behind;
  return columns;
}

function readData(json: JsonScanner, schema: ReadonlyMap<number, string>): Columns {
  const numbers = new Map([...schema.values()].map((name) => [name, new GrowingFloat64(0)]));
  let length = 0;
  if (json.arrayOrNone()) {
    for (; json.item(); length++) {
      for (const column of numbers.values()) column.push(NaN);
      if (!json.arrayOrNone()) continue;
      for (let place = 0; json.item(); place++) {
        const name = schema.get(place);
        const column = name === undefined ? undefined : numbers.get(name);
        if (column === undefined) json.skip();
        else column.set(length, json.numberOrNone());
      }
    }
  }
  return { length, numbers };
}

/** Reads an array of strings; '' for what is none. The cursor stands before it. */
export function readTexts(json: JsonScanner): readonly string[] {
  const texts: string[] = [];
  // Old files keep a list inside of an object that the profiler made anew.
  if (!json.arrayOrNone()) return texts;
  while (json.item()) {
    if (json.kind() === 'string') texts.push(json.string());
    else {
      json.skip();
      texts.push('');
    }
  }
  return texts;
}
