// The checks of the house: each finds what it is there to find.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { pageFaults, roomFaults } from '../check/error-codes.ts';
import { findingsOf, sizeFaults } from '../check/sizes.ts';
import { endpointTable, pageWith, readmeFaults } from '../check/endpoints.ts';
import { upstreamOf, upstreamTable } from '../check/upstream.ts';
import { root } from '../house.ts';
import { withNumbers } from '../kernel.ts';

const coded = `export class GoodError extends Error {
  override readonly name = 'GoodError';
  readonly code: RoomErrorCode;
}
throw new GoodError('ROOM_A');
`;
const secret = `export class Quiet extends Error {
  override readonly name = 'Quiet';
}
function ask(): string {
  try {
    return read();
  } catch (error) {
    if (error instanceof Quiet) return '';
    throw error;
  }
}
`;

test('an error without a code is found, unless the table says who catches it and that one does', () => {
  const table = { codes: { ROOM_A: 'A.' }, internal: { Quiet: 'b.ts ask' } };
  assert.deepEqual(
    roomFaults(
      table,
      new Map([
        ['a.ts', coded],
        ['b.ts', secret],
      ]),
    ),
    [],
  );
  const faults = (
    sources: Readonly<Record<string, string>>,
    internal: Readonly<Record<string, string>> = {},
  ) => roomFaults({ codes: {}, internal }, new Map(Object.entries(sources)));
  assert.deepEqual(faults({ 'a.ts': coded.replace('readonly code: RoomErrorCode', 'readonly x: string') }), [
    'a.ts: GoodError has no code of errors.ts, and is not listed as internal there',
  ]);
  assert.deepEqual(faults({ 'a.ts': coded.replace(': RoomErrorCode', " = 'ANY'") }), [
    'a.ts: GoodError has no code of errors.ts, and is not listed as internal there',
  ]);
  assert.deepEqual(
    faults({ 'b.ts': secret.replace('instanceof Quiet', 'instanceof Loud') }, table.internal),
    ['errors.ts: b.ts has no ask that catches Quiet'],
  );
  assert.deepEqual(faults({ 'a.ts': coded }, table.internal), [
    'errors.ts: there is no exported error Quiet',
    'errors.ts: b.ts has no ask that catches Quiet',
  ]);
  assert.deepEqual(faults({ 'b.ts': secret.replace('export ', '').replace('instanceof Quiet', 'error') }), [
    'b.ts: Quiet has no code, and nobody catches it here',
  ]);
});

test('a code that nothing makes is found', () => {
  const table = { codes: { ROOM_A: 'A.', ROOM_B: 'B.' }, internal: {} };
  assert.deepEqual(roomFaults(table, new Map([['a.ts', coded]])), ['errors.ts: nothing makes ROOM_B']);
});

test('the page of errors says the same as the tables, both ways and word for word', () => {
  const codes = new Map([
    ['ROOM_A', 'A page.'],
    ['ROOM_B', 'B.'],
  ]);
  assert.deepEqual(pageFaults(codes, '| `ROOM_A` | A [page](x.md). | |\n| `ROOM_B` | B. | help |\n'), []);
  assert.deepEqual(pageFaults(codes, '| `ROOM_A` | Another. | |\n| `ROOM_C` | C. | |\n'), [
    'docs/errors.md: ROOM_A: the table of its room says: A page.',
    'docs/errors.md: ROOM_B is missing: B.',
    'docs/errors.md: no room has a code ROOM_C',
  ]);
});

test('what is too long is found, and so is what is on the list and is not too long', () => {
  const found = (code: string, message: string): unknown => ({
    code: `eslint(${code})`,
    message,
    filename: join(root, 'packages/a/src/b.ts'),
  });
  const findings = findingsOf(
    JSON.stringify({
      diagnostics: [
        found('max-lines', 'File has too many lines (613).'),
        found('max-lines-per-function', 'The private method `type` has too many lines (125).'),
      ],
    }),
  );
  assert.deepEqual(findings, [
    { what: 'packages/a/src/b.ts', lines: 613 },
    { what: 'packages/a/src/b.ts type', lines: 125 },
  ]);
  const allowed = { 'packages/a/src/b.ts': 'a table', 'packages/a/src/c.ts': 'a table' };
  assert.deepEqual(sizeFaults(findings, allowed), [
    'packages/a/src/b.ts type: 125 lines; split it, or say in sizes.ts why not',
    'packages/a/src/c.ts: is short enough; take it from the list in sizes.ts',
  ]);
});

test("the kernel's text has a number of the layout for each name, and no other", () => {
  const known = new Map([['At.text', 512]]);
  assert.equal(withNumbers('(i32.const <At.text>)', known), '(i32.const 512)');
  assert.throws(() => withNumbers('(i32.const <At.gone>)', known), /kernel\.wat: layout\.ts has no At\.gone/);
});

test('the docs list the endpoints that there are, with their parameters', () => {
  const endpoint = { description: 'A list', kind: 'list', query: {} };
  const table = [
    { ...endpoint, name: '' },
    { ...endpoint, name: 'heap', kind: 'snapshot', query: { gc: 'collects', debug: 'text' } },
  ];
  const rows = endpointTable(table);
  assert.deepEqual(rows.split('\n').slice(2), [
    '| (nothing) | list |  | A list |',
    '| `heap` | snapshot | `gc`: collects<br>`debug`: text | A list |',
  ]);
  const page = (inside: string): string =>
    `# X\n<!-- endpoints: written by scripts/check/endpoints.ts -->\n${inside}<!-- /endpoints -->\ny\n`;
  assert.equal(pageWith(page('old\n'), rows), page(`${rows}\n`));
  assert.equal(pageWith('# no place', rows), null);
  const readme = (names: string): string => `| below \`/debug/pprof/\` | what |\n|---|---|\n${names}\ntext\n`;
  assert.deepEqual(readmeFaults(readme('| (nothing) | a |\n| `heap?seconds=10` | b |\n'), table), []);
  assert.deepEqual(readmeFaults(readme('| (nothing) | a |\n| `trace` | b |\n'), table), [
    "README.md: its table lacks 'heap'",
    "README.md: there is no endpoint 'trace'",
  ]);
});

test('whose rules a file follows is said in its head, in one form', () => {
  const upstream = { project: 'google/pprof', paths: ['profile/merge.go', 'a.go'], version: '2025-11-14' };
  const line = '// Upstream: google/pprof profile/merge.go a.go, 2025-11-14\n';
  assert.deepEqual(upstreamOf(`// Merges.\n${line}import x from 'y';\n`), upstream);
  assert.equal(upstreamOf('// Merges.\nlet upstream = 1;\n'), null);
  for (const [source, fault] of [
    [`// Merges.\n\n${line}`, /not in its head/],
    [`${line}${line}`, /twice/],
    ['// Upstream: pprof, merge.go\n', /write \/\/ Upstream/],
  ] as const) {
    const found = upstreamOf(source);
    assert.ok(typeof found === 'string');
    assert.match(found, fault);
  }
  assert.equal(
    upstreamTable(new Map([['packages/profile/src/transforms/merge.ts', upstream]])),
    [
      '| theirs, as of | file | ours |',
      '|---|---|---|',
      '| google/pprof 2025-11-14 | a.go | [profile/transforms/merge.ts](../packages/profile/src/transforms/merge.ts) |',
      '| google/pprof 2025-11-14 | profile/merge.go | [profile/transforms/merge.ts](../packages/profile/src/transforms/merge.ts) |',
    ].join('\n'),
  );
});
