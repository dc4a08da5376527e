// A heap snapshot in the page: who holds it, its classes, the chains, and what is new.
import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { ProfileEngine } from '../src/engine/engine.ts';
import type { HeapAnswer, HeapQuery } from '../src/engine/questions/heap.ts';
import { noFilters } from '../src/stack-filters.ts';
import { snapshotsOf } from '../../profile/test/heapsnapshot/program.ts';

const program = `import v8 from 'node:v8';
TAKE
class Session { constructor(i) { this.id = i; this.user = { id: i, name: 'user ' + i }; } }
const cache = new Map();
const registry = { cache };
const names = new Set();
const fill = (from, to) => { for (let i = from; i < to; i++) { cache.set('s' + i, new Session(i)); if (i % 100 === 0) names.add('n' + i); } };
fill(0, 1000);
take()
fill(1000, 4000);
take()
console.log(cache.size, names.size, registry.cache.size);
`;
let first: Uint8Array;
let second: Uint8Array;

before(async () => {
  const [one, other] = await snapshotsOf('server.mjs', program);
  assert.ok(one !== undefined && other !== undefined);
  first = one;
  second = other;
});

async function opened(...files: readonly Uint8Array[]): Promise<ProfileEngine> {
  const engine = new ProfileEngine();
  for (const [index, file] of files.entries()) {
    const summary = await engine.handlers.open(
      { name: `${index}.heapsnapshot`, from: new Blob([new Uint8Array(file)]) },
      () => undefined,
    );
    assert.ok(summary.isHeap);
    assert.equal(summary.sampleTypes[summary.defaultType]?.type, 'shallow');
  }
  return engine;
}

async function ask(engine: ProfileEngine, query: Partial<HeapQuery>): Promise<HeapAnswer> {
  return engine.handlers.heap(
    {
      ...noFilters,
      profile: 0,
      base: null,
      sampleType: '',
      granularity: 'functions',
      class: '',
      sort: 'retained',
      filter: '',
      ...query,
    },
    () => undefined,
  );
}

test('a snapshot that is dropped is read in the page, packed or not: the variable that holds most leads', async () => {
  for (const file of [second, gzipSync(second)]) {
    const answer = await ask(await opened(file), {});
    assert.match(answer.lead?.name ?? '', /^variable cache \(server\.mjs:4\)$/);
    assert.match(answer.lead?.file ?? '', /server\.mjs$/);
    assert.equal(answer.lead?.line, 4);
    assert.ok((answer.lead?.bytes.now ?? 0) > 4000 * 50);
    assert.ok((answer.lead?.bytes.now ?? 0) < answer.size.now);
    const sessions = answer.classes.find(({ name }) => name === 'Session');
    assert.equal(sessions?.objects.now, 4000);
    assert.ok((sessions?.retained.now ?? 0) > (sessions?.shallow.now ?? 0));
    assert.equal(sessions?.fresh, null);
    // A class that somebody wrote is told first, by all that holds it.
    assert.equal(answer.chosen, 'Session');
    assert.deepEqual(
      answer.chains[0]?.frames.slice(0, 3).map(({ name }) => name.replace(/ \(.*/, '')),
      ['Session', 'Map', 'variable cache'],
    );
    assert.equal(answer.chains[0]?.objects.now, 4000);
  }
});

test('two snapshots of a process are compared by class and holder; who is new is told by age', async () => {
  const answer = await ask(await opened(first, second), { profile: 1, base: 0, sort: 'fresh' });
  assert.ok(answer.compared && answer.aged);
  const sessions = answer.classes.find(({ name }) => name === 'Session');
  assert.deepEqual([sessions?.objects, sessions?.fresh], [{ now: 4000, before: 1000 }, 3000]);
  assert.match(answer.lead?.name ?? '', /^variable cache /);
  const { now = 0, before: was = 0 } = answer.lead?.bytes ?? {};
  assert.ok(now > was * 3 && was > 0);
  assert.deepEqual(answer.chains[0]?.objects, { now: 4000, before: 1000 });
  // Classes are in the asked order, the engine's own last.
  const fresh = answer.classes
    .filter(({ name }) => !/^(?:\(|globalThis$)/.test(name))
    .map((row) => row.fresh ?? 0);
  assert.deepEqual(
    fresh,
    fresh.toSorted((a, b) => b - a),
  );
});

test('a search lists matching classes, and a filter leaves what one variable holds', async () => {
  const engine = await opened(second);
  const found = await ask(engine, { filter: 'sess' });
  assert.ok(found.classes.length > 0 && found.classes.every(({ name }) => /sess/i.test(name)));
  const names = await ask(engine, { focus: '^variable names' });
  assert.match(names.lead?.name ?? '', /^variable names/);
  assert.ok(!names.classes.some(({ name }) => name === 'Session'));
  await assert.rejects(ask(engine, { filter: '(' }), /Search: no regular expression/);
});

test('a snapshot that is damaged is one sentence that names the byte', async () => {
  for (const text of ['{"snapshot":{"meta":{}}}', '{"snapshot":{"meta":[]}}'])
    await assert.rejects(
      async () => new ProfileEngine().handlers.open({ name: 'x', from: new Blob([text]) }, () => undefined),
      /heap snapshot/,
    );
});

test('a verdict leads with what it convicts, its place and what to do; of one snapshot it asks for another', async () => {
  const engine = await opened(first, second);
  const asked = { sampleType: '', memoryLimit: null, counters: [] };
  const both = await engine.handlers.verdict({ ...asked, profiles: [0, 1] }, () => undefined);
  assert.equal(both.kind, 'leak');
  const [{ kind, findings }] = both.verdicts;
  assert.equal(kind, 'leak', 'what is convicted is not among the verdicts that the page leads with');
  assert.equal(findings[0]?.sentence, both.headline);
  assert.match(findings[0].culprit?.file ?? '', /server\.mjs$/);
  assert.match(both.text, /server\.mjs:4[^]*What to do: /);
  const one = await engine.handlers.verdict({ ...asked, profiles: [0] }, () => undefined);
  assert.equal(one.kind, 'unsure');
  assert.match(one.next, /^Take another heap snapshot of the same process/);
});
