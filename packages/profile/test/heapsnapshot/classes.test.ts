// Classes against the definition: own bytes add up to the heap, and what a class retains is what is out of reach without it.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { analyzeHeap, type ClassRow, type HeapClasses, HeapSnapshotReader } from '../../src/index.ts';
import { snapshotText, type TestNode } from './snapshot-text.ts';

function classesOf(text: string, looks: readonly number[] = []): HeapClasses {
  const reader = new HeapSnapshotReader();
  reader.push(text);
  const { classes } = analyzeHeap(reader.finish(), { classes: { looks } });
  assert.ok(classes !== null);
  return classes;
}

function rowsOf(classes: HeapClasses): ClassRow[] {
  const rows: ClassRow[] = [];
  classes.forEach((row) => rows.push(row));
  return rows;
}

function sum(rows: readonly ClassRow[], of: 'objects' | 'shallow' | 'retained'): number {
  return rows.reduce((all, { cells }) => cells.reduce((some, cell) => some + cell[of], all), 0);
}

function chainOf({ chain }: ClassRow): string {
  return chain.map(({ name }) => name).join(' < ');
}

interface Edge {
  readonly from: number;
  readonly to: number;
  readonly kind: 'weak' | 'element' | 'property' | 'shortcut';
}

/** What the root leads to without the nodes of some class. */
function reach(edges: readonly Edge[], without: (node: number) => boolean): Set<number> {
  const seen = new Set<number>();
  const open = [0];
  while (open.length > 0) {
    const at = open.pop() as number;
    if (seen.has(at) || without(at)) continue;
    seen.add(at);
    for (const { from, to, kind } of edges) if (from === at && kind !== 'weak') open.push(to);
  }
  return seen;
}

/** What some member of a class dominates: nobody else leads there once that one member is gone. */
function dominatedBy(
  edges: readonly Edge[],
  alive: ReadonlySet<number>,
  members: readonly number[],
): Set<number> {
  const all = new Set<number>();
  for (const member of members) {
    const left = reach(edges, (node) => node === member);
    for (const node of alive) if (!left.has(node)) all.add(node);
  }
  return all;
}

const LETTERS = ['A', 'B', 'C', 'D'];

test('own bytes add up to the heap, and cumulated retained bytes are those of the definition, on random graphs', () => {
  const size = 14;
  const node = fc.nat(size - 1);
  fc.assert(
    fc.property(
      fc.array(
        fc.record({
          from: node,
          to: node,
          kind: fc.constantFrom('weak' as const, 'element' as const, 'property' as const),
        }),
        {
          maxLength: 40,
        },
      ),
      fc.array(fc.nat(100), { minLength: size, maxLength: size }),
      fc.array(fc.nat(LETTERS.length - 1), { minLength: size, maxLength: size }),
      (raw, sizes, letters) => {
        // Node 1 is the global object; what the root itself holds would be the engine's, of which less is told.
        const edges: Edge[] = raw.flatMap(({ from, to, kind }) =>
          to < 2 ? [] : [{ from: Math.max(1, from), to, kind }],
        );
        edges.push({ from: 0, to: 1, kind: 'shortcut' });
        const nodes: TestNode[] = sizes.map((bytes, from) => ({
          type: from === 0 ? 'synthetic' : 'object',
          name: from < 2 ? 'global' : (LETTERS[letters[from] ?? 0] ?? ''),
          size: bytes,
          edges: edges
            .filter((edge) => edge.from === from)
            .map(({ kind, to }) => ({ type: kind, name: kind === 'element' ? 0 : 'p', to })),
        }));
        const rows = rowsOf(classesOf(snapshotText(nodes)));
        const heap = sizes.reduce((all, bytes) => all + bytes, 0);
        assert.equal(sum(rows, 'shallow'), heap);
        assert.equal(sum(rows, 'retained'), heap);
        const alive = reach(edges, () => false);
        for (const [letter, name] of LETTERS.entries()) {
          const members = [...alive].filter((at) => at > 1 && letters[at] === letter);
          const inside = rows.filter(({ chain }) => chain.some((frame) => frame.name === name));
          const dominated = dominatedBy(edges, alive, members);
          const expected = [...dominated].reduce((all, at) => all + (sizes[at] ?? 0), 0);
          assert.equal(sum(inside, 'retained'), expected, `retained by ${name}`);
        }
      },
    ),
    { numRuns: 1000 },
  );
});

test('a list of 300,000 nodes is one row', () => {
  const length = 300_000;
  const nodes: TestNode[] = Array.from({ length }, (_, i) => ({
    type: i === 0 ? 'synthetic' : 'object',
    name: i === 0 ? '' : 'Node',
    size: 8,
    edges: i + 1 < length ? [{ type: 'property', name: 'next', to: i + 1 }] : [],
  }));
  const rows = rowsOf(classesOf(snapshotText(nodes))).filter(({ chain }) => chain[0]?.name === 'Node');
  assert.ok(rows.length <= 2, `${rows.length} rows`);
  assert.equal(sum(rows, 'objects'), length - 1);
});

test('objects that were born after a look are told from those it saw', () => {
  const nodes: TestNode[] = Array.from({ length: 7 }, (_, i) => ({
    type: i === 0 ? 'synthetic' : 'object',
    name: i === 0 ? '' : 'Session',
    size: 8,
    edges: i === 0 ? [1, 2, 3, 4, 5, 6].map((to) => ({ type: 'element', name: to, to })) : [],
  }));
  // Ids are 1, 3, 5, …: two of the six are no larger than 5, two more no larger than 9.
  const [row, ...others] = rowsOf(classesOf(snapshotText(nodes), [5, 9])).filter(
    ({ chain }) => chain[0]?.name === 'Session',
  );
  assert.deepEqual(others, []);
  assert.deepEqual(
    row?.cells.map(({ objects }) => objects),
    [2, 2, 2],
  );
});

test('objects whose map says no keys are told apart by their own, though they share it', () => {
  const plain = (keys: readonly string[]): TestNode => ({
    type: 'object',
    name: 'Object',
    size: 8,
    edges: [
      { type: 'internal', name: 'map', to: 4 },
      ...keys.map((name) => ({ type: 'property', name, to: 5 })),
    ],
  });
  const rows = rowsOf(
    classesOf(
      snapshotText([
        {
          type: 'synthetic',
          name: '',
          edges: [1, 2, 3].map((to) => ({ type: 'element', name: to, to })),
        },
        plain(['id', 'user']),
        plain(['url']),
        plain(['url']),
        { type: 'hidden', name: 'system / Map', size: 8 },
        { type: 'string', name: 'text', size: 8 },
      ]),
    ),
  );
  const told = rows.map((row) => `${row.chain[0]?.name ?? ''} ${sum([row], 'objects')}`);
  assert.deepEqual(told.filter((row) => row.startsWith('{')).sort(), ['{id, user} 1', '{url} 2']);
});

test('objects with any keys at all, each of them with others, are one row before long', () => {
  const nodes: TestNode[] = Array.from({ length: 1002 }, (_, i) => ({
    type: i === 0 ? 'synthetic' : i === 1 ? 'hidden' : 'object',
    name: i === 0 ? '' : i === 1 ? 'system / Map' : 'Object',
    size: 8,
    edges:
      i === 0
        ? Array.from({ length: 1000 }, (_, to) => ({ type: 'element', name: to, to: to + 2 }))
        : i === 1
          ? []
          : [
              { type: 'internal', name: 'map', to: 1 },
              { type: 'property', name: `user-${i}`, to: 1 },
            ],
  }));
  const rows = rowsOf(classesOf(snapshotText(nodes)));
  assert.ok(rows.length < 100, `${rows.length} rows`);
  assert.equal(
    rows.reduce((all, row) => all + (row.chain[0]?.name.startsWith('system') ? 0 : sum([row], 'objects')), 0),
    1000,
  );
});

test('what only the engine needs is a few rows, and a table is part of what holds it', () => {
  const rows = rowsOf(
    classesOf(
      snapshotText([
        { type: 'synthetic', name: '', edges: [{ type: 'shortcut', name: 'global', to: 1 }] },
        {
          type: 'object',
          name: 'global',
          size: 8,
          edges: [
            { type: 'property', name: 'cache', to: 2 },
            { type: 'internal', name: 'map', to: 6 },
          ],
        },
        { type: 'object', name: 'Map', size: 32, edges: [{ type: 'internal', name: 'table', to: 3 }] },
        {
          type: 'array',
          name: '',
          size: 100,
          edges: [
            { type: 'internal', name: '0', to: 4 },
            { type: 'internal', name: '1', to: 5 },
          ],
        },
        { type: 'string', name: 'abc', size: 16 },
        { type: 'number', name: 'heap number', size: 12 },
        { type: 'code', name: 'x', size: 7, edges: [{ type: 'internal', name: 'y', to: 7 }] },
        { type: 'code', name: 'z', size: 5 },
      ]),
    ),
  );
  const told = rows.map((row) => `${chainOf(row)}: ${sum([row], 'objects')}, ${sum([row], 'shallow')} bytes`);
  assert.deepEqual(told.sort(), [
    '(V8 code): 0, 12 bytes',
    'Map < global cache < globalThis: 1, 144 bytes',
    'globalThis: 1, 8 bytes',
    'string < Map < global cache < globalThis: 1, 16 bytes',
  ]);
});

test('whatever a snapshot claims to be, its bytes add up', () => {
  const size = 24;
  const types = [
    'hidden',
    'array',
    'string',
    'object',
    'code',
    'closure',
    'regexp',
    'number',
    'native',
    'synthetic',
  ];
  const names = [
    '',
    'global',
    'Object',
    'Map',
    'Generator',
    'ArrayBuffer',
    'system / Context',
    'system / NativeContext',
    'system / SourceTextModule',
    'system / Cell',
    'system / PromiseReaction',
    'WritableState',
    '(Stack roots)',
    '(Global handles)',
    'file:///a.mjs',
    'const a = 1; globalThis.b = a',
  ];
  const edgeNames = [
    'context',
    'scope_info',
    'previous',
    'extension',
    'shared',
    'script',
    'source',
    'name_or_scope_info',
    'map',
    'descriptors',
    'back_pointer',
    'buffer',
    '_events',
    'buffered',
    'function',
    'parameters_and_registers',
    'a',
    'b',
  ];
  const node = fc.nat(size - 1);
  fc.assert(
    fc.property(
      fc.array(
        fc.record({
          type: fc.constantFrom(...types),
          name: fc.constantFrom(...names),
          size: fc.nat(100),
          edges: fc.array(
            fc.record({
              type: fc.constantFrom(
                'context',
                'element',
                'property',
                'internal',
                'hidden',
                'shortcut',
                'weak',
              ),
              name: fc.constantFrom(...edgeNames),
              to: node,
            }),
            { maxLength: 5 },
          ),
          location: fc.tuple(fc.nat(2), fc.nat(9), fc.nat(9)),
        }),
        { minLength: size, maxLength: size },
      ),
      fc.array(fc.nat(60), { maxLength: 3 }),
      (nodes, looks) => {
        const text = snapshotText(
          nodes.map((one) => ({
            ...one,
            edges: one.edges.map((edge, i) =>
              edge.type === 'element' || edge.type === 'hidden' ? { ...edge, name: i } : edge,
            ),
          })),
        );
        const rows = rowsOf(
          classesOf(
            text,
            looks.sort((a, b) => a - b),
          ),
        );
        const heap = nodes.reduce((all, one) => all + one.size, 0);
        assert.equal(sum(rows, 'shallow'), heap);
        assert.equal(sum(rows, 'retained'), heap);
        assert.ok(sum(rows, 'objects') <= size);
      },
    ),
    { numRuns: 1500 },
  );
});
