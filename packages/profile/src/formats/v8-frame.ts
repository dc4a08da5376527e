// `callFrame` of V8's protocol: function, script and position.
import { scriptFilename } from '../script-filename.ts';
import type { JsonScanner } from '../bytes/json-scanner.ts';
import type { FrameTable } from './frame-table.ts';

const MAX = 2 ** 31 - 2;

/** Reads a `callFrame` object; V8 counts lines and columns from 0, and -1 is unknown. -1 where there is no object. */
export function readCallFrame(json: JsonScanner, frames: FrameTable): number {
  let name = '';
  let url = '';
  let line = -1;
  let column = -1;
  if (!json.objectOrNone()) return -1;
  for (let key = json.key(); key !== null; key = json.key()) {
    if (key === 'functionName') name = json.stringOrNull();
    else if (key === 'url') url = json.stringOrNull();
    else if (key === 'lineNumber') line = json.integerOrNone(0, MAX);
    else if (key === 'columnNumber') column = json.integerOrNone(0, MAX);
    else json.skip();
  }
  return frames.add(name, scriptFilename(url), Math.max(0, line + 1), line < 0 ? 0 : Math.max(0, column + 1));
}
