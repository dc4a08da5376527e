// Heaps of real programs: classes as a person tells them, what holds them, and who survives.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { heapIds, type Profile, readHeapSnapshot, sumInt64, survivors } from '../../src/index.ts';
import { snapshotsOf } from './program.ts';

interface Row {
  readonly chain: string;
  readonly objects: number;
  readonly shallow: number;
}

/** Rows of objects, by chain of names. */
function rowsOf(profile: Profile): Row[] {
  const { samples, locations, functions, strings, sampleTypes } = profile;
  const column = (type: string): number => sampleTypes.findIndex((one) => one.type === type);
  const values = (type: string, i: number): number => Number(samples.values[column(type)]?.[i] ?? 0);
  return Array.from({ length: samples.length }, (_, i) => {
    const stack = [...samples.stackLocations.subarray(samples.stackStart[i], samples.stackStart[i + 1])];
    const chain = stack.map((location) => {
      const fn = locations.lines.function[locations.lineStart[location] ?? 0] ?? 0;
      return strings.get(functions.name[fn] ?? 0);
    });
    return { chain: chain.join(' < '), objects: values('objects', i), shallow: values('shallow', i) };
  });
}

function find(rows: readonly Row[], chain: RegExp): Row {
  const found = rows
    .filter((row) => chain.test(row.chain) && row.objects > 0)
    .sort((a, b) => b.objects - a.objects)[0];
  assert.ok(
    found !== undefined,
    `no row ${chain.source} among\n${rows
      .filter((r) => r.objects >= 50)
      .map(({ chain, objects }) => `${objects} ${chain}`)
      .join('\n')}`,
  );
  return found;
}

/** Bytes of all nodes by the file itself. */
function bytesOf(text: Uint8Array): number {
  const { snapshot, nodes } = JSON.parse(new TextDecoder().decode(text)) as {
    snapshot: { meta: { node_fields: string[] } };
    nodes: number[];
  };
  const width = snapshot.meta.node_fields.length;
  const size = snapshot.meta.node_fields.indexOf('self_size');
  let sum = 0;
  for (let at = size; at < nodes.length; at += width) sum += nodes[at] ?? 0;
  return sum;
}

const kinds = `import v8 from 'node:v8';
import { EventEmitter } from 'node:events';
import { Writable } from 'node:stream';
TAKE
const cache = new Map();
export const shared = new Set();
const emitter = new EventEmitter();
emitter.setMaxListeners(0);
const never = new Promise(() => {});
const stuck = new Writable({ write() {} });
const names = [];
class Session { #secret; constructor(i) { this.id = i; this.#secret = 's' + i; this.list = [i]; } }
function subscribe(request) {
  emitter.on('message', function onMessage() { return request; });
}
function* numbers(first) { yield first; yield first + 1; }
const suspended = [];
globalThis.leaked = [];
for (let i = 0; i < 100; i++) {
  cache.set(i, new Session(i));
  shared.add({ id: i, user: 'u' + i, at: new Date(i) });
  subscribe({ url: '/' + i });
  void Promise.race([never, Promise.resolve(i)]);
  stuck.write(Buffer.alloc(300, i));
  names.push('name ' + i);
  globalThis.leaked.push({ a: i, b: 'b' + i });
  const generator = numbers(i);
  generator.next();
  suspended.push(generator);
}
const use = () => [cache, never, stuck, names, suspended];
setTimeout(() => { take(); process.exit(use().length - 5); }, 50);
`;

test('classes, variables, listeners, reactions, streams and globals of a real heap, as a person tells them', async () => {
  const [text = new Uint8Array()] = await snapshotsOf('kinds.mjs', kinds);
  const profile = readHeapSnapshot(text);
  const rows = rowsOf(profile);
  const expected: readonly (readonly [RegExp, number])[] = [
    [/^Session < Map < variable cache \(kinds\.mjs:5\) < module kinds\.mjs < globalThis$/u, 100],
    [/^Array < \.list < Session < Map < variable cache /u, 100],
    [/^\{id, user, at\} < Set < variable shared \(kinds\.mjs:6\) < module kinds\.mjs < globalThis$/u, 100],
    [/^Date < \.at < \{id, user, at\} < Set < /u, 100],
    [
      /^closure onMessage \(kinds\.mjs:14\) < listener 'message' < EventEmitter < variable emitter \(kinds\.mjs:7\)/u,
      100,
    ],
    [
      /^\{url\} < variable request \(kinds\.mjs:13\) < closure onMessage \(kinds\.mjs:14\) < listener 'message'/u,
      100,
    ],
    [/^reaction < Promise < variable never \(kinds\.mjs:9\) < module kinds\.mjs/u, 100],
    [/^Buffer < .*queued to write < WritableState < .*variable stuck \(kinds\.mjs:10\)/u, 99],
    [/^string < Array < variable names \(kinds\.mjs:11\) < module kinds\.mjs/u, 100],
    [/^\{a, b\} < Array < global leaked \(kinds\.mjs:18\) < globalThis$/u, 100],
    [/^(?:numbers|suspended numbers.*) < Array < variable suspended \(kinds\.mjs:17\)/u, 100],
  ];
  for (const [chain, objects] of expected) assert.equal(find(rows, chain).objects, objects, chain.source);
  // The engine's own are few rows.
  const engine = rows.filter(({ chain }) => chain.startsWith('(V8'));
  assert.ok(engine.length < 50, `${engine.length} rows`);
  assert.ok(rows.length < 5000, `${rows.length} rows`);
});

test('that an object has a prototype is no key of it, and no word by which it holds anything', async () => {
  const [text = new Uint8Array()] = await snapshotsOf(
    'heirs.mjs',
    `import v8 from 'node:v8';
TAKE
const empty = new Set();
const sessions = new Map();
const long = [];
function kept() {
  class Session { constructor(i) { this.id = 's' + i; } }
  Session.prototype.shared = Array.from({ length: 90 }, (_, i) => ({ row: 'r' + i }));
  return Session;
}
const Session = kept();
for (let i = 0; i < 100; i++) {
  empty.add({});
  sessions.set(i, new Session(i));
  long.push({ at: 'a' + i });
}
const use = () => [empty, sessions, long];
setTimeout(() => { take(); process.exit(use().length - 3); }, 50);
`,
  );
  const rows = rowsOf(readHeapSnapshot(text));
  const expected: readonly RegExp[] = [
    /^\{\} < Set < variable empty \(heirs\.mjs:3\) < module heirs\.mjs < globalThis$/u,
    /^Session < Map < variable sessions \(heirs\.mjs:4\) < module heirs\.mjs < globalThis$/u,
    /^\{at\} < Array < variable long \(heirs\.mjs:5\) < module heirs\.mjs < globalThis$/u,
  ];
  for (const chain of expected) assert.equal(find(rows, chain).objects, 100, chain.source);
  const shared =
    /^\{row\} < Array < \.shared < \{constructor, shared\} < Session < Map < variable sessions \(heirs\.mjs:4\)/u;
  assert.equal(find(rows, shared).objects, 90);
  const told = rows.map(({ chain }) => chain);
  assert.deepEqual(
    told.filter((chain) => chain.includes('__proto__')),
    [],
  );
  // A long array leads to the prototype of all arrays as to any of its elements.
  assert.deepEqual(
    told.filter((chain) => /^closure (?:concat|flatMap) .*< Array < \[key\] < /u.test(chain)),
    [],
  );
});

/** The label `created_by` of rows, without folders, by chain of names. */
function makersOf(profile: Profile): Map<string, string> {
  const { samples, strings } = profile;
  const makers = new Map<string, string>();
  for (const [i, { chain }] of rowsOf(profile).entries())
    for (let j = samples.labelStart[i] ?? 0; j < (samples.labelStart[i + 1] ?? 0); j++)
      if (strings.get(samples.labels.key[j] ?? 0) === 'created_by')
        makers.set(chain, strings.get(samples.labels.text[j] ?? 0).replace(/ \S*[/\\]/u, ' '));
  return makers;
}

test('what a variable, a global or a property holds says which function puts things there, and at which line', async () => {
  const [text = new Uint8Array()] = await snapshotsOf(
    'fillers.mjs',
    `import v8 from 'node:v8';
import { EventEmitter } from 'node:events';
TAKE
const cache = new Map();
const bus = new EventEmitter().setMaxListeners(0);
globalThis.leaked = [];
class Log {
  lines = [];
  write(line) {
    this.lines.push({ line });
  }
}
const log = new Log();
function remember(id, value) {
  cache.set(id, value);
}
function follow(request) {
  const send = () => request;
  bus.on('event', send);
}
const leak = (id) => globalThis.leaked.push({ id, at: 1 });
for (let i = 0; i < 60; i++) {
  remember(i, { first: i, second: i });
  follow({ url: i });
  leak(i);
  log.write('line ' + i);
}
setTimeout(() => { take(); process.exit(cache.size - log.lines.length); }, 50);
`,
  );
  const makers = makersOf(readHeapSnapshot(text));
  const makerOf = (chain: RegExp): string | undefined => [...makers].find(([told]) => chain.test(told))?.[1];
  assert.equal(makerOf(/^\{first, second\} < Map < variable cache /u), 'remember fillers.mjs:15');
  assert.equal(
    makerOf(/^closure send .* < listener 'event' < EventEmitter < variable bus /u),
    'follow fillers.mjs:17',
  );
  assert.equal(makerOf(/^\{url\} < variable request /u), 'follow fillers.mjs:17');
  assert.equal(makerOf(/^\{id, at\} < Array < global leaked /u), 'leak fillers.mjs:21');
  assert.equal(makerOf(/^\{line\} < Array < \.lines < Log < variable log /u), 'write fillers.mjs:10');
});

test("own bytes add up to V8's own total, to the byte, and so does what is retained", async () => {
  const [text = new Uint8Array()] = await snapshotsOf('kinds.mjs', kinds);
  const profile = readHeapSnapshot(text);
  for (const type of ['shallow', 'retained']) {
    const column = profile.samples.values[profile.sampleTypes.findIndex((one) => one.type === type)];
    assert.equal(Number(sumInt64(column ?? new Float64Array())), bytesOf(text), type);
  }
});

test('a buffer is as large as what it holds, and views share one that they all see', async () => {
  const [text = new Uint8Array()] = await snapshotsOf(
    'buffers.cjs',
    `const v8 = require('node:v8');
TAKE
const uploads = [];
for (let i = 0; i < 50; i++) uploads.push(Buffer.alloc(100000));
const pool = new ArrayBuffer(1000000);
const views = [];
for (let i = 0; i < 50; i++) views.push(new Uint8Array(pool, i * 10, 10));
const use = () => [uploads, pool, views];
take(); use();
`,
  );
  const rows = rowsOf(readHeapSnapshot(text));
  const uploads = find(rows, /^Buffer < Array < variable uploads \(buffers\.cjs:3\)/u);
  assert.equal(uploads.objects, 50);
  assert.ok(uploads.shallow >= 5_000_000 && uploads.shallow < 5_050_000, `${uploads.shallow} bytes`);
  const views = find(rows, /^Uint8Array < Array < variable views \(buffers\.cjs:6\)/u);
  assert.equal(views.objects, 50);
  assert.ok(views.shallow < 20_000, `${views.shallow} bytes`);
  const pool = find(rows, /^ArrayBuffer < variable pool \(buffers\.cjs:5\)/u);
  assert.ok(pool.shallow >= 1_000_000, `${pool.shallow} bytes`);
});

test('survivors are told exactly over four snapshots: who was born while we looked, and who stayed', async () => {
  const texts = await snapshotsOf(
    'growing.mjs',
    `import v8 from 'node:v8';
TAKE
const kept = new Map();
const passing = new Map();
class Kept {}
class Passing {}
let id = 0;
function work() {
  for (let i = 0; i < 1000; i++, id++) {
    kept.set(id, new Kept());
    passing.set(id, new Passing());
    passing.delete(id - 500);
  }
}
work(); take();
work(); take();
work(); take();
work(); take();
`,
  );
  const profiles: Profile[] = [];
  const looks: number[] = [];
  for (const text of texts) {
    const profile = readHeapSnapshot(text, { classes: { looks } });
    profiles.push(profile);
    looks.push(heapIds(profile)?.largest ?? 0);
  }
  const found = survivors(profiles);
  const of = (name: string) =>
    found?.find(({ frames }) => frames[0]?.name === name && frames[1]?.name === 'Map');
  const kept = of('Kept');
  assert.deepEqual(kept?.objects, [1000, 2000, 3000, 4000]);
  assert.deepEqual(kept.seenBy, [1000, 2000, 3000, 4000]);
  assert.deepEqual([kept.survivors, kept.ended], [2000, 0]);
  const passing = of('Passing');
  assert.deepEqual(passing?.objects, [500, 500, 500, 500]);
  assert.deepEqual(passing.seenBy, [0, 0, 0, 500]);
  assert.deepEqual([passing.survivors, passing.ended], [0, 1500]);
  // Another process, or profiles that were read without looks, say nothing.
  assert.equal(survivors(texts.map((text) => readHeapSnapshot(text))), null);
});

test('a snapshot that was cut by a kill is read as far as it goes, and says so', async () => {
  const [text = new Uint8Array()] = await snapshotsOf('kinds.mjs', kinds);
  const whole = bytesOf(text);
  const at = (section: string): number => new TextDecoder('latin1').decode(text).indexOf(`"${section}":[`);
  const shallowOf = (profile: Profile): number =>
    rowsOf(profile).reduce((all, { shallow }) => all + shallow, 0);
  const half = (from: number, to: number): Uint8Array => text.subarray(0, Math.floor((from + to) / 2));

  const names = readHeapSnapshot(half(at('strings'), text.length));
  assert.equal(shallowOf(names), whole);
  assert.match(
    names.comments[0] ?? '',
    /^this heap snapshot is truncated at byte \d+: (\d+) of \1 nodes read, (\d+) of \2 edges, \d+ names$/u,
  );

  const edges = readHeapSnapshot(half(at('edges'), at('trace_function_infos')));
  assert.equal(shallowOf(edges), whole);
  assert.match(edges.comments[0] ?? '', /: (\d+) of \1 nodes read, [1-9]\d* of \d+ edges, no names$/u);
  assert.ok(find(rowsOf(edges), /^string /u).objects > 100);
  assert.ok(find(rowsOf(edges), /^string < \(held by what was cut off\)$/u).objects > 100);

  const nodes = readHeapSnapshot(half(at('nodes'), at('edges')));
  assert.ok(shallowOf(nodes) > 0 && shallowOf(nodes) < whole);
  assert.match(nodes.comments[0] ?? '', /: [1-9]\d* of \d+ nodes read, 0 of \d+ edges, no names$/u);
  assert.ok(find(rowsOf(nodes), /^string < \(held by what was cut off\)$/u).objects > 100);
});
