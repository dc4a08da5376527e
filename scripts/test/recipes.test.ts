// The recipes of docs/architecture.md: how many files know of one format, endpoint, framework, report, view or kind of source.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { test } from 'node:test';
import { importsIn } from '../check/imports.ts';
import { root, trackedFiles } from '../house.ts';

const sources = new Map(
  trackedFiles()
    .filter((path) => /^packages\/[^/]+\/src\/.*\.tsx?$/.test(path))
    .map((path) => [path, readFileSync(join(root, path), 'utf8')] as const),
);

/** The sources that import a name from a file. */
function importers(path: string, name: string): string[] {
  const names = new RegExp(`\\{[^}]*\\b${name}\\b[^}]*\\} from '[^']*${basename(path).replace('.', '\\.')}'`);
  return [...sources].flatMap(([from, text]) =>
    importsIn(from, text).includes(path) && names.test(text) ? [from] : [],
  );
}

/** The values of a type that are exported below a folder: name and file. */
function exportsOf(folder: string, type: string): (readonly [name: string, path: string])[] {
  const declares = new RegExp(`^export const (\\w+): ${type} = \\{`, 'gm');
  return [...sources].flatMap(([path, text]) =>
    path.startsWith(folder) ? [...text.matchAll(declares)].map(([, name = '']) => [name, path] as const) : [],
  );
}

for (const [what, folder, type, table] of [
  ['a format', 'packages/profile/src/formats/', 'ProfileFormat', 'packages/profile/src/formats/table.ts'],
  [
    'a named profile of the agent',
    'packages/agent/src/captures/',
    'Capture',
    'packages/agent/src/endpoints/table.ts',
  ],
  ['an endpoint', 'packages/agent/src/endpoints/', 'Endpoint', 'packages/agent/src/endpoints/table.ts'],
] as const) {
  test(`${what} is one file, and a line in one other`, () => {
    // Go's own texts are read otherwise where pprof is followed: read.ts knows them by name.
    const values = exportsOf(folder, type).filter(([, path]) => !basename(path).startsWith('go-'));
    assert.ok(values.length > 1, `no file of ${folder} exports a ${type}`);
    for (const [name, path] of values) {
      // One may be made of another: `goroutineleak` takes what `goroutine` takes.
      const users = importers(path, name).filter((one) => one === table || !one.startsWith(folder));
      assert.deepEqual(users, [table], `${name} of ${path}`);
    }
  });
}

/** What stands between the parentheses of a pattern, all over one file. */
function named(path: string, pattern: RegExp): string[] {
  const found = [...(sources.get(path) ?? '').matchAll(pattern)].map(([, name = '']) => name);
  assert.ok(found.length > 1, `${path} names nothing that looks like ${String(pattern)}`);
  return [...new Set(found)];
}

/** The sources that hold what a pattern finds. */
function holding(pattern: RegExp): string[] {
  return [...sources].flatMap(([path, text]) => (pattern.test(text) ? [path] : []));
}

test('a framework is one file on a mount, and its case in the handler', () => {
  const folder = 'packages/agent/src/adapters/';
  const carriers = [...sources].filter(
    ([path, text]) => path.startsWith(folder) && /^export (?:async )?function answer[A-Z]/mu.test(text),
  );
  assert.ok(carriers.length > 3);
  const carries = new Set(carriers.map(([path]) => path));
  for (const [path, text] of carriers) {
    const users = [...sources].flatMap(([from, other]) =>
      importsIn(from, other).includes(path) && !carries.has(from) ? [from] : [],
    );
    assert.ok(users.includes(`${folder}handler.ts`), path);
    assert.deepEqual(
      users.filter((from) => !/\/(?:handler|index)\.ts$/u.test(from)),
      [],
      path,
    );
    // Tokens, hosts, lengths and routes are behind the mount: what an adapter takes beside it carries bytes, or is a type.
    const rules = importsIn(path, text).filter((to) =>
      /\/(?:endpoints|http|sidecar|host)\/|\/door\/(?:door|guard)\./.test(to),
    );
    assert.deepEqual(rules, [], path);
  }
});

test('a report is a row, a case, and a file that only the case knows', () => {
  const reports = 'packages/report/src/report.ts';
  for (const kind of named('packages/report/src/commands.ts', /\bkind: '(\w+)'/g))
    assert.match(sources.get(reports) ?? '', new RegExp(`^    case '${kind}':`, 'm'));
  const printers = named(reports, /^import \{[^}]*?\b(print\w+)\b[^}]*\} from/gm);
  // What is passed on to other rooms makes no report there.
  const passedOn = 'packages/report/src/index.ts';
  for (const printer of printers) {
    const file = exporterOf(printer);
    assert.deepEqual(
      importers(file, printer).filter((path) => path !== passedOn),
      [reports],
      printer,
    );
  }
});

/** The file of the reports that exports a function. */
function exporterOf(name: string): string {
  const [file = '', ...others] = holding(new RegExp(`^export function\\*? ${name}\\b`, 'm'));
  assert.deepEqual(others, [], name);
  return file;
}

test('a view is one file, and a row in one other', () => {
  const folder = 'packages/ui/src/views/';
  const views = named(`${folder}registry.ts`, /^    name: '(\w+)'/gm);
  for (const view of views) {
    assert.match(sources.get(`${folder}${view}.tsx`) ?? '', /^export function View\b/m, view);
    const users = [...sources].flatMap(([from, text]) =>
      importsIn(from, text).includes(`${folder}${view}.tsx`) ? [from] : [],
    );
    // What the page shows first is loaded with it; all others by their names.
    assert.ok(
      users.every((path) => path === `${folder}load.ts`),
      `${view}: ${users.join(', ')}`,
    );
  }
});

test('a kind of source is known to its own room, in four files besides its own', () => {
  const room = 'packages/sources/src/';
  for (const kind of named(`${room}options.ts`, /kind: '(\w+)';\s+readonly spec: string/g)) {
    const asks = holding(new RegExp(`\\bcase '${kind}':`)).filter((path) => path.startsWith(room));
    const running = kind !== 'file' && kind !== 'stdin';
    assert.deepEqual(asks, running ? [`${room}load.ts`, `${room}open-service.ts`] : [`${room}load.ts`], kind);
    // pprof has rules of its own for addresses.
    if (kind === 'url') continue;
    const outside = holding(
      new RegExp(`\\bspec\\.kind [=!]== '${kind}'|\\bswitch \\(spec\\.kind\\)|\\bspec\\.target\\b`),
    );
    assert.deepEqual(
      outside.filter((path) => /^packages\/(?:cli|ui)\//.test(path)),
      [],
      kind,
    );
  }
});
