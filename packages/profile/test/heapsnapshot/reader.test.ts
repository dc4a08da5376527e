// The streaming reader: any cut of the text, any order of the fields, and nothing but a ProfileError for what is wrong.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type HeapSnapshot, HeapSnapshotReader, ProfileError } from '../../src/index.ts';
import { snapshotText, type TestNode } from './snapshot-text.ts';

const nodes: readonly TestNode[] = [
  {
    type: 'synthetic',
    name: '',
    edges: [
      { type: 'shortcut', name: 'a "quoted" \\ näme\n', to: 1 },
      { type: 'element', name: 7, to: 2 },
    ],
  },
  {
    type: 'object',
    name: 'Größe',
    size: 40,
    edges: [
      { type: 'property', name: 'text', to: 3 },
      { type: 'weak', name: 'text', to: 2 },
    ],
  },
  { type: 'closure', name: 'f', size: 64, location: [12, 3, 4] },
  { type: 'string', name: 'a content that names nothing', size: 2 ** 33 },
];
const text = snapshotText(nodes);

function read(chunks: readonly (string | Uint8Array)[], expectedBytes?: number): HeapSnapshot {
  const reader = new HeapSnapshotReader(expectedBytes === undefined ? {} : { expectedBytes });
  for (const chunk of chunks) reader.push(chunk);
  return reader.finish();
}

/** Everything a snapshot says, as plain data. */
function plain(snapshot: HeapSnapshot): unknown {
  const { nodeCount, edgeCount, strings, locations } = snapshot;
  return {
    nodes: Array.from({ length: nodeCount }, (_, n) => [
      snapshot.nodeType[n],
      strings.get(snapshot.nodeName[n] as number),
      snapshot.nodeId[n],
      snapshot.sizes.of(n),
      snapshot.firstEdge[n + 1],
    ]),
    edges: Array.from({ length: edgeCount }, (_, e) => {
      const label = snapshot.edgeLabel[e] as number;
      const type = label & 7;
      return [type, type === 1 ? label >>> 3 : strings.get(label >>> 3), snapshot.edgeTo[e]];
    }),
    locations: Array.from({ length: locations.length }, (_, i) => [
      locations.node[i],
      locations.scriptId[locations.place[i] as number],
      locations.line[locations.place[i] as number],
      locations.column[locations.place[i] as number],
    ]),
  };
}

const expected = {
  nodes: [
    [9, '', 1, 0, 2],
    [3, 'Größe', 3, 40, 4],
    [5, 'f', 5, 64, 4],
    [2, '', 7, 2 ** 33, 4],
  ],
  edges: [
    [5, 'a "quoted" \\ näme\n', 1],
    [1, 7, 2],
    [2, 'text', 3],
    [6, 'text', 2],
  ],
  locations: [[2, 12, 3, 4]],
};

test('reads nodes, edges, locations and the strings that name something', () => {
  const snapshot = read([text]);
  assert.deepEqual(plain(snapshot), expected);
  assert.equal(snapshot.textBytes, new TextEncoder().encode(text).length);
  const { f, text: property, nothing } = snapshot.strings.findAll(['f', 'text', 'nothing']);
  assert.equal(snapshot.strings.get(f), 'f');
  assert.equal(snapshot.strings.get(property), 'text');
  assert.equal(nothing, -1);
});

test('finds any name: of those that every object has, each is found where it is, and -1 where it is not', () => {
  const named = (edges: readonly string[]): HeapSnapshot =>
    read([
      snapshotText([
        { type: 'synthetic', name: '', edges: edges.map((name) => ({ type: 'property', name, to: 0 })) },
      ]),
    ]);
  const names = ['__proto__', 'constructor', 'toString', '__defineGetter__', 'f'] as const;
  const { strings } = named(names);
  const rows = strings.findAll(names);
  assert.deepEqual(Object.keys(rows), names);
  for (const name of names) assert.equal(strings.get(rows[name]), name);
  assert.deepEqual(Object.values(named(['g']).strings.findAll(names)), [-1, -1, -1, -1, -1]);
});

test('reads the same from any cut into chunks, bytes or text, with or without a known size', () => {
  const bytes = new TextEncoder().encode(text);
  fc.assert(
    fc.property(
      fc.array(fc.nat(bytes.length), { maxLength: 12 }),
      fc.constantFrom(undefined, bytes.length, Infinity),
      (cuts, size) => {
        const at = [0, ...cuts.sort((a, b) => a - b), bytes.length];
        const chunks = at.slice(1).map((end, i) => bytes.subarray(at[i], end));
        assert.deepEqual(plain(read(chunks, size)), expected);
      },
    ),
    { numRuns: 200 },
  );
  assert.deepEqual(plain(read([...text])), expected);
});

test('finds the columns by the names that meta gives them', () => {
  const nodeFields = ['detachedness', 'edge_count', 'self_size', 'extra', 'id', 'name', 'type'];
  const edgeFields = ['to_node', 'type', 'extra', 'name_or_index'];
  assert.deepEqual(plain(read([snapshotText(nodes, { nodeFields, edgeFields })])), expected);
});

function failure(run: () => unknown): ProfileError {
  try {
    run();
  } catch (error) {
    assert.ok(error instanceof ProfileError, String(error));
    return error;
  }
  assert.fail('nothing was wrong');
}

test('a truncated snapshot names the byte where it ends', () => {
  const bytes = new TextEncoder().encode(text);
  for (let end = 1; end < bytes.length; end++) {
    const error = failure(() => read([bytes.subarray(0, end)]));
    assert.equal(error.code, 'PROFILE_TRUNCATED');
    assert.ok(error.message.includes(`truncated at byte ${end}`), error.message);
  }
  assert.equal(failure(() => read([])).code, 'PROFILE_EMPTY');
});

test('says what is wrong and at which byte', () => {
  const wrong = (from: string | RegExp, to: string): string =>
    failure(() => read([text.replace(from, to)])).message;
  assert.match(
    wrong('"node_count":4', '"node_count":3'),
    /byte \d+: "nodes" has more rows than node_count 3/,
  );
  assert.match(wrong('"node_count":4', '"node_count":5'), /"nodes" has 4 rows but node_count is 5/);
  assert.match(wrong('"edge_count":4,"trace', '"edge_count":9,"trace'), /have 4 edges but edge_count is 9/);
  assert.match(wrong('"nodes":[9', '"nodes":[-9'), /unexpected byte at \d+ in "nodes", which holds unsigned/);
  assert.match(wrong('"nodes":[9', '"nodes":[99'), /node 0 has the unknown type 99/);
  assert.match(wrong('"nodes":[9\n,', '"nodes":[9 9,'), /where ',' should separate two numbers/);
  assert.match(wrong('"nodes":[9', '"nodes":[1234567890123456'), /more than 15 digits/);
  assert.match(wrong('"id",', ''), /names no field "id"/);
  assert.match(wrong('"edges":[5,', '"edges":[5,1'), /a name is string 12, but there are only 7/);
  assert.match(
    wrong(/"edges":\[(\d+),(\d+),\d+/, '"edges":[$1,$2,7'),
    /edge 0 leads to 7, where no node begins/,
  );
  assert.match(wrong(/$/, 'x'), /after the end of the snapshot/);
  assert.match(wrong('"samples":', '"nodes":'), /in a second "nodes"/);
  assert.match(failure(() => read(['{"nodes":[1]}'])).message, /"nodes" stands before "snapshot"/);
  assert.match(failure(() => read(['[1]'])).message, /unexpected byte at 0 where '\{' should open/);
  const huge = text.replace('"node_count":4', '"node_count":4000000000');
  assert.match(failure(() => read([huge])).message, /4 rows but node_count is 4000000000/);
  const far = text.replace(/"edges":\[(\d+),\d+/, '"edges":[$1,500000000');
  assert.match(
    failure(() => read([far])).message,
    /a name is string 500000000, more than so short a snapshot can have/,
  );
  const tooMany = text.replace('"node_count":4', '"node_count":5000000000');
  assert.equal(failure(() => read([tooMany])).code, 'PROFILE_TOO_LARGE');
});

test('whatever bytes change, the reader answers or throws a ProfileError', () => {
  const bytes = new TextEncoder().encode(text);
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.nat(bytes.length - 1), fc.integer({ min: 0, max: 255 })), {
        minLength: 1,
        maxLength: 4,
      }),
      (changes) => {
        const mutated = bytes.slice();
        for (const [at, value] of changes) mutated[at] = value;
        try {
          plain(read([mutated]));
        } catch (error) {
          assert.ok(error instanceof ProfileError, String(error));
        }
      },
    ),
    { numRuns: 2000 },
  );
});
