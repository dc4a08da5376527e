// What Grafana's data source asks of a monitor, in the protobuf that it sends and in JSON, and what it is answered.
import assert from 'node:assert/strict';
import { describe, test, type TestContext } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { decodeProfile } from '@stackpile/profile';
import protobuf from 'protobufjs';
import { startMonitor } from '../src/monitor.ts';
import { StackTree } from '../src/store/stack-tree.ts';
import { keyOf, recordOf } from './store/conformance.ts';
import { NaiveStore } from './store/naive.ts';

const START = 1_767_268_800_000;
const MINUTE = 60_000;

/** Written by hand after Pyroscope's files, independent of the messages that are tested. */
const { root } = protobuf.parse(`
  syntax = "proto3";
  message LabelPair { string name = 1; string value = 2; }
  message Labels { repeated LabelPair labels = 1; }
  message ProfileType { string ID = 1; string name = 2; string sample_type = 4; string sample_unit = 5; string period_type = 6; string period_unit = 7; }
  message ProfileTypesRequest { int64 start = 1; int64 end = 2; }
  message ProfileTypesResponse { repeated ProfileType profile_types = 1; }
  message LabelValuesRequest { string name = 1; repeated string matchers = 2; int64 start = 3; int64 end = 4; }
  message LabelNamesRequest { repeated string matchers = 1; int64 start = 2; int64 end = 3; }
  message Names { repeated string names = 1; }
  message SeriesRequest { repeated string matchers = 1; repeated string label_names = 2; int64 start = 3; int64 end = 4; }
  message SeriesResponse { repeated Labels labels_set = 2; }
  message SelectRequest { string profile_typeID = 1; string label_selector = 2; int64 start = 3; int64 end = 4; optional int64 max_nodes = 5; }
  message Level { repeated int64 values = 1; }
  message FlameGraph { repeated string names = 1; repeated Level levels = 2; int64 total = 3; int64 max_self = 4; }
  message StacktracesResponse { FlameGraph flamegraph = 1; }
  message SelectSeriesRequest { string profile_typeID = 1; string label_selector = 2; int64 start = 3; int64 end = 4; repeated string group_by = 5; double step = 6; }
  message Point { double value = 1; int64 timestamp = 2; }
  message Series { repeated LabelPair labels = 1; repeated Point points = 2; }
  message SelectSeriesResponse { repeated Series series = 1; }
  message StatsResponse { bool data_ingested = 1; int64 oldest_profile_time = 2; int64 newest_profile_time = 3; }
`);

const range = { start: START, end: START + 10 * MINUTE };
const GOROUTINES = 'goroutine:goroutine:count:goroutine:count';

/** Two instances of a service, with tasks in two stacks. */
async function monitored(context: TestContext): Promise<string> {
  const store = new NaiveStore();
  const tree = new StackTree();
  for (const [instance, more] of [
    ['a:1', 0],
    ['b:1', 1],
  ] as const)
    for (let i = 0; i < 10; i++) {
      const values = { 'main serve wait': 10 + i, 'main serve work': 5 + more };
      const record = recordOf(tree, START + i * MINUTE, values, { series: keyOf(instance) });
      await store.putBatch({ tree, profiles: [record] });
    }
  const monitor = await startMonitor({
    targets: [],
    config: () => Promise.resolve({ jobs: [], receivers: [], forwards: [] }),
    leaks: {},
    store,
    retention: { rawMs: 1e12, hourlyMs: 1e12, maxBytes: 1e12 },
    receivers: [],
    listen: { host: '127.0.0.1', port: 0, tokens: [], allowedHosts: [] },
    clock: {
      now: () => START + 10 * MINUTE,
      sleep: (ms, signal) => sleep(ms, undefined, { signal }).catch(() => undefined),
    },
    say: () => undefined,
  });
  context.after(() => monitor.stop());
  return `http://127.0.0.1:${monitor.port}/querier.v1.QuerierService/`;
}

/** Asks as Grafana's backend does, in protobuf; the answer as protobufjs reads it. */
async function ask(
  base: string,
  method: string,
  type: string,
  asked: object,
  answer: string,
): Promise<Record<string, unknown>> {
  const request = root.lookupType(type);
  const response = await fetch(`${base}${method}`, {
    method: 'POST',
    headers: {
      'Content-Type': 'application/proto',
      'Connect-Protocol-Version': '1',
      'Accept-Encoding': 'gzip',
    },
    body: Buffer.from(request.encode(request.fromObject(asked)).finish()),
  });
  assert.equal(response.status, 200, `${method}: ${response.status}`);
  assert.equal(response.headers.get('content-type'), 'application/proto');
  const read = root.lookupType(answer);
  const bytes = new Uint8Array(await response.arrayBuffer());
  return read.toObject(read.decode(bytes), { longs: Number, arrays: true });
}

async function askJson(base: string, method: string, asked: object): Promise<unknown> {
  const response = await fetch(`${base}${method}`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify(asked),
  });
  return response.json();
}

describe("Grafana's questions", () => {
  test('profile types, names and values of labels, series', async (context) => {
    const base = await monitored(context);
    const types = [
      {
        ID: GOROUTINES,
        name: 'goroutine',
        sampleType: 'goroutine',
        sampleUnit: 'count',
        periodType: 'goroutine',
        periodUnit: 'count',
      },
    ];
    assert.deepEqual(await ask(base, 'ProfileTypes', 'ProfileTypesRequest', range, 'ProfileTypesResponse'), {
      profileTypes: types,
    });
    assert.deepEqual(
      await askJson(base, 'ProfileTypes', { start: String(range.start), end: String(range.end) }),
      {
        profileTypes: types,
      },
    );
    // Nothing was kept then.
    assert.deepEqual(await askJson(base, 'ProfileTypes', { start: '1', end: '2' }), { profileTypes: [] });
    const names = await ask(base, 'LabelNames', 'LabelNamesRequest', { ...range, matchers: ['{}'] }, 'Names');
    assert.deepEqual(names['names'], ['__name__', '__profile_type__', 'instance', 'job', 'service_name']);
    const values = (name: string, matcher: string): Promise<Record<string, unknown>> =>
      ask(base, 'LabelValues', 'LabelValuesRequest', { ...range, name, matchers: [matcher] }, 'Names');
    assert.deepEqual((await values('service_name', '{}'))['names'], ['shop']);
    assert.deepEqual((await values('instance', '{instance=~"a:.*|c"}'))['names'], ['a:1']);
    assert.deepEqual((await values('instance', '{instance!="a:1", job="shop"}'))['names'], ['b:1']);
    assert.deepEqual(
      (await values('instance', `{__profile_type__="${GOROUTINES}",instance!~"b.*"}`))['names'],
      ['a:1'],
    );
    assert.deepEqual((await values('constructor', '{}'))['names'], []);
    const series = { ...range, matchers: [], labelNames: ['service_name', 'instance'] };
    assert.deepEqual(await ask(base, 'Series', 'SeriesRequest', series, 'SeriesResponse'), {
      labelsSet: ['a:1', 'b:1'].map((instance) => ({
        labels: [
          { name: 'instance', value: instance },
          { name: 'service_name', value: 'shop' },
        ],
      })),
    });
    const { dataIngested, oldestProfileTime } = (await askJson(base, 'GetProfileStats', {})) as Record<
      string,
      unknown
    >;
    assert.deepEqual([dataIngested, oldestProfileTime], [true, String(START)]);
  });

  test('a series over time, by label; a flame graph; a profile for pprof', async (context) => {
    const base = await monitored(context);
    const select = { profileTypeID: GOROUTINES, labelSelector: '{service_name="shop"}', ...range };
    const lines = { ...select, groupBy: ['instance'], step: 300 };
    const point = (value: number, minute: number): object => ({ value, timestamp: START + minute * MINUTE });
    assert.deepEqual(await ask(base, 'SelectSeries', 'SelectSeriesRequest', lines, 'SelectSeriesResponse'), {
      series: [
        // Means of the steps: a level is not added up over time.
        { labels: [{ name: 'instance', value: 'a:1' }], points: [point(17, 0), point(22, 5)] },
        { labels: [{ name: 'instance', value: 'b:1' }], points: [point(18, 0), point(23, 5)] },
      ],
    });
    const both = (await askJson(base, 'SelectSeries', { ...select, step: 600 })) as {
      series: { points: { value: number }[] }[];
    };
    assert.deepEqual(
      both.series.map(({ points }) => points.map(({ value }) => value)),
      [[40]],
    );
    // A label that no series has is empty, also where every object has something of its name.
    const lacking = { ...select, labelSelector: '{constructor=""}', groupBy: ['toString'], step: 600 };
    const found = (await askJson(base, 'SelectSeries', lacking)) as { series: { labels: object[] }[] };
    assert.deepEqual(
      found.series.map(({ labels }) => labels),
      [[{ name: 'toString', value: '' }]],
    );
    const flame = await ask(base, 'SelectMergeStacktraces', 'SelectRequest', select, 'StacktracesResponse');
    assert.deepEqual(flame['flamegraph'], {
      names: ['total', 'main', 'serve', 'wait', 'work'],
      levels: [
        { values: [0, 40, 0, 0] },
        { values: [0, 40, 0, 1] },
        { values: [0, 40, 0, 2] },
        { values: [0, 29, 29, 3, 0, 11, 11, 4] },
      ],
      total: 40,
      maxSelf: 29,
    });
    const few = await ask(
      base,
      'SelectMergeStacktraces',
      'SelectRequest',
      { ...select, maxNodes: 4 },
      'StacktracesResponse',
    );
    const { names, total } = few['flamegraph'] as { names: string[]; total: number };
    assert.deepEqual([names, total], [['total', 'main', 'serve', 'wait', 'other'], 40]);
    const request = root.lookupType('SelectRequest');
    const answer = await fetch(`${base}SelectMergeProfile`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/proto' },
      body: Buffer.from(request.encode(request.fromObject(select)).finish()),
    });
    const profile = decodeProfile(new Uint8Array(await answer.arrayBuffer()));
    assert.deepEqual(profile.sampleTypes, [{ type: 'goroutine', unit: 'count' }]);
    assert.deepEqual(
      [...(profile.samples.values[0] ?? [])].map(Number).toSorted((a, b) => b - a),
      [29, 11],
    );
  });

  test('what makes no sense is a code and one sentence, as Connect has it', async (context) => {
    const base = await monitored(context);
    const select = { profileTypeID: GOROUTINES, labelSelector: '{}', ...range };
    for (const [method, asked, says] of [
      ['Nothing', {}, /is not answered/u],
      ['SelectSeries', { ...select, labelSelector: '{a="b' }, /makes no sense/u],
      ['SelectSeries', { ...select, labelSelector: '{a=~"("}' }, /no regular expression/u],
      [
        'SelectSeries',
        { ...select, labelSelector: '{__profile_type__=~"(([a-z:]+)+)+!"}' },
        /takes too long/u,
      ],
      ['Series', { matchers: Array.from({ length: 21 }, () => '{}'), ...range }, /21 selectors/u],
      ['SelectSeries', { ...select, start: '1', step: 1 }, /more than 11000 steps/u],
      ['SelectSeries', { ...select, start: '3', end: '2' }, /start is later/u],
      ['SelectMergeProfile', select, /protobuf only/u],
    ] as const) {
      const said = (await askJson(base, method, asked)) as { code: string; message: string };
      assert.equal(said.code, 'invalid_argument', method);
      assert.match(said.message, says);
    }
    const none = { profileTypeID: 'x', labelSelector: '{}', ...range };
    assert.deepEqual(await askJson(base, 'SelectSeries', none), { series: [] });
    const bad = await fetch(`${base}ProfileTypes`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/proto' },
      body: Buffer.from([0x0a, 0x7f]),
    });
    assert.equal(bad.status, 400);
  });
});
