// What processes say to each other: every reader takes what the other side writes, and refuses the rest by name.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import {
  type Boot,
  type Counters,
  parseWire,
  readBoot,
  readCounters,
  readGoIndex,
  readOffers,
  readWeights,
  taskLabel,
  waitedMilliseconds,
  WireError,
  weightsSentence,
} from '@stackpile/profile';
import fc from 'fast-check';

/** Through JSON, as it crosses. */
function sent<T>(value: T): unknown {
  return parseWire(JSON.stringify(value), 'sent');
}

function refuses(read: () => unknown, message: RegExp): void {
  assert.throws(read, (error) => {
    assert.ok(error instanceof WireError);
    assert.equal(error.code, 'WIRE_MALFORMED');
    assert.match(error.message, message);
    assert.doesNotMatch(error.message, /\n/u);
    return true;
  });
}

const counters: Counters = {
  schema: 'stackpile.counters/1',
  runtime: 'go',
  time: 1,
  pid: 2,
  uptime: 3,
  rss: 4,
  agentMemory: 3,
  memoryLimit: null,
  heapUsed: 5,
  heapLive: 6,
  heapTotal: 7,
  heapLimit: 8,
  external: 9,
  arrayBuffers: 10,
  tasks: 11,
  tasksBetween: [10, 12],
  handles: 13,
  handleKinds: { Timeout: 12, TCPSocketWrap: 1 },
  fds: 14,
  fdLimit: 15,
  threads: 16,
  workers: 0,
  children: 17,
  turns: 18,
  requests: 19,
  cpu: 20.5,
  eventLoopLag: 0.1,
};

describe('counters', () => {
  test('come back as they were sent, every field of them', () => {
    assert.deepEqual(readCounters(sent(counters)), counters);
  });

  test('of somebody older lack fields, and those are not known', () => {
    const old = { schema: 'stackpile.counters/1', time: 5, pid: 7, tasks: 3 };
    const read = readCounters(sent(old));
    assert.deepEqual(
      [read.runtime, read.pid, read.tasks, read.fds, read.handleKinds],
      ['node', 7, 3, null, null],
    );
  });

  test('a field that is something else is refused by name, and never taken for 0 or for nothing', () => {
    for (const [key, value] of Object.entries({
      rss: '4',
      tasks: -1,
      fds: true,
      workers: {},
      time: null,
      runtime: 'rust',
      schema: 'stackpile.counters/2',
      tasksBetween: [3, 2],
      handleKinds: { Timeout: 'many' },
      heapLive: [],
    }))
      refuses(() => readCounters(sent({ ...counters, [key]: value })), new RegExp(`^counters\\.${key}`, 'u'));
    for (const value of [null, [], 'x', 1])
      refuses(() => readCounters(value, ':6060'), /^:6060: must be an object/u);
    refuses(() => parseWire('<html>', ':6060'), /^:6060: is no JSON$/u);
  });

  test('whatever comes is read or refused, with one sentence', () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.constantFrom(...Object.keys(counters)), (value, key) => {
        for (const read of [readCounters, readOffers, readBoot])
          for (const given of [value, { ...counters, [key]: value }, { mode: 'server', sources: value }])
            try {
              read(given);
            } catch (error) {
              assert.ok(error instanceof WireError);
              assert.ok(error.message.length < 700);
            }
      }),
      { numRuns: 300 },
    );
  });
});

describe('offers', () => {
  const offer = { name: 'heap', description: 'x', kind: 'snapshot', query: ['gc'], count: null, delta: true };
  const offers = (one: object): unknown => sent({ schema: 'stackpile.offers/1', offers: [one] });

  test('come back as they were sent', () => {
    assert.deepEqual(readOffers(offers(offer)).offers, [offer]);
  });

  test('names that lead elsewhere, and whatever else is none, are refused', () => {
    for (const name of ['..', '', 'a/b', 'a?b', '<b>', 'x'.repeat(61)])
      refuses(() => readOffers(offers({ ...offer, name })), /^offers\.offers\[0\]\.name/u);
    refuses(() => readOffers(offers({ ...offer, kind: 'film' })), /\.kind: must be 'snapshot' or /u);
    refuses(() => readOffers(offers({ ...offer, query: ['a b'] })), /\.query\[0\]: must be the name/u);
    refuses(() => readOffers(offers({ ...offer, delta: 1 })), /\.delta: must be true or false/u);
    const many = Array.from({ length: 201 }, () => offer);
    refuses(() => readOffers({ schema: 'stackpile.offers/1', offers: many }), /a list of at most 200/u);
  });

  test("are read from Go's index: names, counts, and what Go's handlers take", () => {
    const html =
      "<table><thead><td>Count</td><td>Profile</td></thead><tr><td>60</td><td><a href='allocs?debug=1'>allocs</a></td></tr>" +
      "\n<tr><td>49</td><td><a href='goroutine?debug=1'>goroutine</a></td></tr><tr><td></td><td><a href='x'>x</a></td></tr>" +
      "<tr><td>0</td><td><a href='profile?debug=1'>profile</a></td></tr><tr><td>1</td><td><a href='../x'>no</a></td></tr></table>";
    const { offers: read } = readGoIndex(html);
    assert.deepEqual(
      read.map(({ name, kind, count, query }) => [name, kind, count, query.join()]),
      [
        ['allocs', 'snapshot', 60, 'debug,seconds'],
        ['goroutine', 'snapshot', 49, 'debug,seconds'],
        ['x', 'snapshot', null, 'debug,seconds'],
        ['profile', 'recording', null, 'seconds'],
      ],
    );
    assert.deepEqual(readOffers(sent(readGoIndex(html))), readGoIndex(html));
    assert.deepEqual(readGoIndex('<p>nothing</p>').offers, []);
  });

  test('a hostile index is read in the time of a look', () => {
    for (const piece of ['<tr><td>', '<tr>\n<td>1</td> <td><a ', "<tr><td></td><td><a href='", ' '])
      assert.deepEqual(readGoIndex(piece.repeat(400_000 / piece.length)).offers, []);
  });
});

describe('what a page is booted with', () => {
  const boots: readonly Boot[] = [
    { mode: 'none' },
    { mode: 'agent', name: 'this service', base: './' },
    { mode: 'report', sources: [{ name: 'a', data: 'source-0', time: null, size: 3 }], graphviz: '' },
    {
      mode: 'server',
      sources: [{ name: 'a', address: 'api/source/0', time: -0.5, size: 3 }],
      live: [{ name: 'b', base: 'live/0/', heavy: false }],
      files: true,
      views: true,
      graphviz: 'graphviz.js',
    },
    { mode: 'server', sources: [], live: [], files: false, views: false, graphviz: 'graphviz.js' },
  ];

  test('comes back as it was written', () => {
    for (const boot of boots) assert.deepEqual(readBoot(sent(boot)), boot);
  });

  test('what is no boot is refused by field', () => {
    refuses(() => readBoot({ mode: 'film' }), /^boot\.mode/u);
    refuses(() => readBoot({ ...boots[3], live: [{ name: 1 }] }), /^boot\.live\[0\]\.name: must be a text/u);
    refuses(() => readBoot({ ...boots[3], live: undefined }), /^boot\.live: must be a list/u);
  });
});

test('dumps of earlier agents say as ever whether their counts are weighted, and keep the names of their labels', () => {
  const rest = '; tracking took 0.31 % of one CPU, the budget is 1 %';
  assert.equal(readWeights(['x', `tasks: sampled; counts are weighted${rest}`]), 'weighted');
  assert.equal(readWeights([`tasks: every promise is looked at${rest}`]), 'counted');
  assert.equal(readWeights(['somebody says that counts are weighted']), null);
  for (const weights of ['weighted', 'counted'] as const)
    assert.equal(readWeights([weightsSentence(weights) + rest]), weights);
  assert.deepEqual(Object.values(taskLabel), [
    'goroutine',
    'task',
    'state',
    'waited',
    'created_by',
    'held_by',
    'kind',
    'error',
    'stackpile_weight',
    'stackpile_error',
  ]);
  assert.deepEqual(
    ['nanoseconds', 'minutes', 'fortnights', 'toString'].map((unit) => waitedMilliseconds(2, unit)),
    [2e-6, 120_000, 2, 2],
  );
});
