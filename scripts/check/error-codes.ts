// Every error that a user can meet has a code in the one table of its room, and docs/errors.md says the same of it, word for word.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { type Outcome, root, trackedFiles } from '../house.ts';

const PAGE = 'docs/errors.md';

/** `errorTable` of a room's `src/errors.ts`. */
export interface ErrorTable {
  /** What a user can meet: code → what it means. */
  readonly codes: Readonly<Record<string, string>>;
  /** Exported classes without a code: class → `FILE FUNCTION` that turns them into something else; `FILE FUNCTION all` where it asks for no class. */
  readonly internal: Readonly<Record<string, string>>;
}

/** A room's sources: file, relative to `src`, and its text. */
export type Sources = ReadonlyMap<string, string>;

/** Errors of the language that are made by hand, where nobody can meet them, and why. */
const plainErrors: Readonly<Record<string, string>> = {
  'packages/agent/src/inspect/take-snapshot.ts': 'wraps whatever else was thrown',
  'packages/agent/src/sidecar/worker.ts': 'the file was started as something that it is not',
  'packages/cli/src/web/page.ts': 'the caller makes the blocks itself',
  'packages/sources/src/inflate.ts': 'the reader of profiles says it as a ProfileError',
  'packages/sources/src/process/captures.ts': '`capture` says it as SOURCE_ABORTED',
  'packages/profile/src/columns/strings.ts': 'a row that the caller made up',
};

export async function checkErrorCodes(): Promise<Outcome> {
  const rooms = new Map<string, Map<string, string>>();
  for (const path of trackedFiles()) {
    const [, room, file] = /^(packages\/[^/]+)\/src\/(.*\.tsx?)$/.exec(path) ?? [];
    if (room === undefined || file === undefined) continue;
    let sources = rooms.get(room);
    if (sources === undefined) rooms.set(room, (sources = new Map<string, string>()));
    sources.set(file, readFileSync(join(root, path), 'utf8'));
  }
  const said: string[] = [];
  const codes = new Map<string, string>();
  for (const [room, sources] of rooms) {
    const file = join(root, room, 'src/errors.ts');
    const none: ErrorTable = { codes: {}, internal: {} };
    const { errorTable = none } = existsSync(file)
      ? ((await import(pathToFileURL(file).href)) as { errorTable?: ErrorTable })
      : {};
    said.push(...roomFaults(errorTable, sources).map((fault) => `${room}/src/${fault}`));
    for (const [code, meaning] of Object.entries(errorTable.codes)) {
      if (codes.has(code)) said.push(`${room}/src/errors.ts: another room has a code ${code} too`);
      codes.set(code, meaning);
    }
    for (const [name, text] of sources) {
      const made = /new (?:Type|Range|Syntax)?Error\(/.test(text);
      const path = `${room}/src/${name}`;
      if (made && plainErrors[path] === undefined) said.push(`${path}: makes an Error without a code`);
      if (!made && plainErrors[path] !== undefined) said.push(`${path}: makes no plain Error any more`);
    }
  }
  if (codes.size === 0) said.push('no room has a code: the search is broken');
  said.push(...pageFaults(codes, readFileSync(join(root, PAGE), 'utf8')));
  return { ok: said.length === 0, said: said.join('\n') };
}

/** What is wrong with a room's errors, one line each. */
export function roomFaults(table: ErrorTable, sources: Sources): string[] {
  const faults: string[] = [];
  const internal = new Set(Object.keys(table.internal));
  for (const [file, text] of sources) {
    for (const { name, exported, body } of errorClasses(text)) {
      const coded = /^ {2}readonly code: \w*(?:ErrorCode|\['code'\])/m.test(body);
      const listed = internal.delete(name);
      if (coded && listed) faults.push(`errors.ts: ${name} has a code: it is not internal`);
      else if (!coded && !exported && !text.includes(`instanceof ${name}`))
        faults.push(`${file}: ${name} has no code, and nobody catches it here`);
      else if (!coded && exported && !listed)
        faults.push(`${file}: ${name} has no code of errors.ts, and is not listed as internal there`);
    }
  }
  for (const name of internal) faults.push(`errors.ts: there is no exported error ${name}`);
  for (const [name, place] of Object.entries(table.internal)) {
    const [file = '', by = '', all] = place.split(' ');
    const body = functionText(sources.get(file) ?? '', by);
    // A handler that looks at no class takes them all.
    const catches = all === undefined ? `instanceof ${name}` : 'catch (error)';
    if (!/\bcatch\b/.test(body) || !body.includes(catches))
      faults.push(`errors.ts: ${file} has no ${by} that catches ${name}`);
  }
  for (const code of Object.keys(table.codes)) {
    const made = [...sources].some(([file, text]) => file !== 'errors.ts' && text.includes(`'${code}'`));
    if (!made) faults.push(`errors.ts: nothing makes ${code}`);
  }
  return faults;
}

interface ErrorClass {
  readonly name: string;
  readonly exported: boolean;
  readonly body: string;
}

/** Classes that extend an error which has no code of its own. */
function errorClasses(text: string): ErrorClass[] {
  const found = text.matchAll(
    /^(export )?class (\w+) extends (?:Type|Range|Syntax|Aggregate)?Error \{\n(.*?)^\}/gms,
  );
  return [...found].map(([, exported, name = '', body = '']) => ({
    name,
    exported: exported !== undefined,
    body,
  }));
}

/** A function or method as it stands in a formatted source, '' where there is none of this name. */
function functionText(text: string, name: string): string {
  const pattern = new RegExp(
    `^( *)(?:export )?(?:async )?(?:function )?#?${name}(?:<[^>]*>)?\\(.*?^\\1\\}`,
    'ms',
  );
  return pattern.exec(text)?.[0] ?? '';
}

/** What the page says of other codes than there are, or otherwise. */
export function pageFaults(codes: ReadonlyMap<string, string>, page: string): string[] {
  const explained = new Map<string, string>();
  for (const [, code = '', meaning = ''] of page.matchAll(/^\| `([A-Z][A-Z0-9_]+)` \| (.*?) \|/gm))
    explained.set(code, meaning.replaceAll(/\[([^\]]*)\]\([^)]*\)/g, '$1'));
  const faults: string[] = [];
  for (const [code, meaning] of codes) {
    const said = explained.get(code);
    if (said === undefined) faults.push(`${PAGE}: ${code} is missing: ${meaning}`);
    else if (said !== meaning) faults.push(`${PAGE}: ${code}: the table of its room says: ${meaning}`);
  }
  for (const code of explained.keys())
    if (!codes.has(code)) faults.push(`${PAGE}: no room has a code ${code}`);
  return faults;
}
