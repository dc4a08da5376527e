// What an agent says of its heap by snapshot: classes with their ages, V8's own file, and a sentence where neither may be had.
import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { after, describe, test } from 'node:test';
import { gunzipSync } from 'node:zlib';
import {
  decodeProfile,
  heapIds,
  numberAt,
  type Profile,
  readHeapSnapshot,
  survivors,
} from '@stackpile/profile';
import { allowedSnapshot, type SnapshotContext } from '../src/captures/allowed-snapshot.ts';
import { Limits } from '../src/captures/limits.ts';
import type { Stopped } from '../src/captures/stop-watch.ts';
import type { InspectorSession } from '../src/inspect/main-thread.ts';
import { ask } from './http-client.ts';
import { serving } from './serving.ts';

/** What grows. */
class Remembered {
  readonly at: number;
  constructor(at: number) {
    this.at = at;
  }
}

const kept = new Map<number, Remembered>();

function remember(count: number): void {
  for (let i = 0; i < count; i++) kept.set(kept.size, new Remembered(i));
}

/** The heap of a test's process may be too large for the default. */
const patient = { port: 0, heap: { snapshots: 60_000 } };

async function classesOf(port: number, query = ''): Promise<Profile> {
  const { status, body } = await ask(port, `/debug/pprof/heapclasses${query}`);
  assert.equal(status, 200, body.toString());
  return decodeProfile(gunzipSync(body));
}

/** Frames that the profile names. */
function namesOf({ functions, strings }: Profile): string[] {
  return Array.from({ length: functions.length }, (_, i) => strings.get(functions.name[i] ?? 0));
}

test('heapclasses tells objects by class and holder, and by which look saw them', async () => {
  const { port } = await serving(patient);
  remember(500);
  const first = await classesOf(port);
  assert.deepEqual(
    first.sampleTypes.map(({ type }) => type),
    ['objects', 'shallow', 'retained'],
  );
  assert.ok(namesOf(first).some((name) => name.includes('Remembered')));
  remember(300);
  const second = await classesOf(port, `?looks=${heapIds(first)?.largest}`);
  remember(200);
  const looks = [first, second].map((one) => heapIds(one)?.largest).join();
  const third = await classesOf(port, `?looks=${looks}`);
  const chain = survivors([first, second, third])?.find(({ frames }) => frames[0]?.name === 'Remembered');
  assert.deepEqual(chain?.objects, [500, 800, 1000]);
  assert.equal(chain?.survivors, 300);
});

test('heapclasses tells closures and handles of the same snapshot where they are asked for', async () => {
  const { port } = await serving(patient);
  const timers = Array.from({ length: 40 }, () => setInterval(() => undefined, 60_000));
  try {
    const profile = await classesOf(port, '?with=closures,handles');
    const types = profile.sampleTypes.map(({ type }) => type);
    assert.ok(types.includes('closures') && types.includes('handles') && types.includes('objects'));
    const closures = profile.samples.values[types.indexOf('closures')];
    const files = Array.from({ length: profile.functions.length }, (_, i) =>
      profile.strings.get(profile.functions.filename[i] ?? 0),
    );
    assert.ok(files.some((file) => file.endsWith('heap-snapshots.test.ts')));
    const count = Array.from({ length: profile.samples.length }, (_, i) => Number(closures?.[i]));
    assert.ok(count.reduce((sum, n) => sum + n, 0) >= 40);
  } finally {
    for (const timer of timers) clearInterval(timer);
  }
});

test('a parameter that makes no sense is refused before the process stands still', async () => {
  const { port } = await serving(patient);
  for (const query of [
    'looks=7,3',
    'looks=x',
    `looks=${Array.from({ length: 65 }, (_, i) => i + 1).join()}`,
  ]) {
    const { status, body } = await ask(port, `/debug/pprof/heapclasses?${query}`);
    assert.equal(status, 400);
    assert.match(body.toString(), /invalid value for "looks"/u);
  }
  const { status, body } = await ask(port, '/debug/pprof/heapclasses?with=ghosts');
  assert.equal(status, 400);
  assert.match(body.toString(), /must be some of tasks,handles,closures/u);
});

test("heapsnapshot is V8's own file", async () => {
  const { port } = await serving(patient);
  const { status, headers, body } = await ask(port, '/debug/pprof/heapsnapshot');
  assert.equal(status, 200, body.toString().slice(0, 300));
  assert.match(headers['content-disposition'] ?? '', /filename="heap\.heapsnapshot"/u);
  assert.ok(namesOf(readHeapSnapshot(body)).some((name) => name.includes('Remembered')));
});

describe('the text of a snapshot goes through a temporary file, never through memory', () => {
  const usual = process.env['TMPDIR'];
  const folder = mkdtempSync(join(tmpdir(), 'stackpile-text-'));
  after(() => {
    if (usual === undefined) delete process.env['TMPDIR'];
    else process.env['TMPDIR'] = usual;
    rmSync(folder, { recursive: true, force: true });
  });

  test('of which nothing is left, whether the client takes it whole or goes away', async () => {
    process.env['TMPDIR'] = folder;
    const { port, url } = await serving(patient);
    const { status, headers, body } = await ask(port, '/debug/pprof/heapsnapshot');
    assert.equal(status, 200, body.toString().slice(0, 300));
    assert.equal(headers['content-length'], String(body.length));
    assert.deepEqual(readdirSync(folder), []);
    const answer = await fetch(`${url}/debug/pprof/heapsnapshot`);
    await answer.body?.cancel();
    assert.deepEqual(readdirSync(folder), []);
  });

  test('which says so where there is no folder for it', async () => {
    process.env['TMPDIR'] = join(folder, 'nowhere');
    const { port } = await serving(patient);
    const { status, body } = await ask(port, '/debug/pprof/heapsnapshot');
    assert.equal(status, 503);
    assert.match(body.toString(), /could not be written to a temporary file: ENOENT/u);
  });
});

for (const name of ['heapclasses', 'heapsnapshot']) {
  test(`${name} is refused with a sentence where the stop would be longer than allowed, or snapshots are off`, async () => {
    const refused = async (heap: { snapshots: number } | false): Promise<string> => {
      const { port } = await serving({ port: 0, heap });
      const { status, body } = await ask(port, `/debug/pprof/${name}`);
      assert.equal(status, 503);
      return body.toString();
    };
    assert.match(
      await refused({ snapshots: 1 }),
      /would stop the process for about .* heap\.snapshots allows/u,
    );
    assert.match(await refused({ snapshots: 0 }), /the option heap\.snapshots is 0/u);
    assert.match(await refused(false), /the option heap is false/u);
  });
}

test('one snapshot at a time', async () => {
  const { port } = await serving(patient);
  const answers = await Promise.all([0, 1].map(() => ask(port, '/debug/pprof/heapclasses')));
  assert.deepEqual(
    answers.map(({ status }) => status).toSorted((one, other) => one - other),
    [200, 503],
  );
  const refused = answers.find(({ status }) => status === 503);
  assert.match(refused?.body.toString() ?? '', /a heap snapshot is under way already/u);
});

describe('a snapshot that was asked for by name, however long it takes', () => {
  test('leaves the program alone for five times its length before the next one', async (t) => {
    const session: InspectorSession = {
      // What an answer is only its caller knows.
      post: async <T>() => ({ usedSize: 1_000_000 }) as T,
      on: () => () => undefined,
    };
    const context: SnapshotContext = {
      settings: { heap: null },
      limits: new Limits(),
      thread: { withSession: (use) => use(session) },
    };
    const { signal } = new AbortController();
    let taken = 0;
    const take = async (): Promise<Stopped<number>> => ({ value: ++taken, stopMs: 1_000, besidesMs: 1_000 });
    assert.equal(await allowedSnapshot(context, 'analysis by name', signal, take), 1);
    t.mock.timers.enable({ apis: ['setTimeout'] });
    const second = allowedSnapshot(context, 'analysis by name', signal, take);
    t.mock.timers.tick(9_000);
    await new Promise(setImmediate);
    assert.equal(taken, 1);
    t.mock.timers.tick(1_000);
    assert.equal(await second, 2);
    const unnamed = allowedSnapshot(context, 'analysis', signal, take);
    t.mock.timers.tick(10_000);
    await assert.rejects(unnamed, /the option heap is false/u);
  });

  test('is counted among what stops the main thread', async () => {
    const { port } = await serving({ port: 0 });
    const stopped = async (): Promise<number> => {
      const { body } = await ask(port, '/debug/pprof/metrics');
      return Number(/^stackpile_agent_stopped_seconds_total (\S+)$/mu.exec(body.toString())?.[1]);
    };
    const before = await stopped();
    const { status, body } = await ask(port, '/debug/pprof/goroutine?source=heap&lines=0');
    assert.equal(status, 200);
    const { comments } = decodeProfile(gunzipSync(body));
    const ms = Number(/ objects in (\d+) ms$/mu.exec(comments.join('\n'))?.[1]);
    assert.ok(ms > 0);
    assert.ok((await stopped()) - before >= (ms - 1) / 1000);
  });
});

/** The numbers under one label of every task that stands in `name`. */
async function numbersOf(port: number, label: string, name: string): Promise<number[]> {
  const { body } = await ask(port, '/debug/pprof/goroutine?ids=1');
  const { samples, strings, locations, functions } = decodeProfile(gunzipSync(body));
  return Array.from({ length: samples.length }).flatMap((_, i) => {
    const stack = samples.stackLocations.subarray(samples.stackStart[i], samples.stackStart[i + 1]);
    const names = Array.from(stack, (location) => {
      const line = locations.lineStart[location] ?? 0;
      return strings.get(functions.name[locations.lines.function[line] ?? 0] ?? 0);
    });
    if (!names.includes(name)) return [];
    const from = samples.labelStart[i] ?? 0;
    const labels = Array.from({ length: (samples.labelStart[i + 1] ?? 0) - from }, (_, k) => from + k);
    return labels
      .filter((row) => strings.get(samples.labels.key[row] ?? 0) === label)
      .map((row) => numberAt(samples.labels.number, row));
  });
}

test('goroutine?ids=1 numbers tasks by their outermost function, which a loop over short waits keeps', async () => {
  const { port } = await serving({ port: 0, tasks: { budget: 1 } });
  let goesOn = true;
  const pause = async (): Promise<void> => {
    await new Promise((resolve) => setTimeout(resolve, 5));
  };
  async function poll(): Promise<void> {
    while (goesOn) await pause();
  }
  const polls = [poll(), poll()];
  try {
    // Between two windows of the promise hook a wait that just began may be in none: both are known after a few turns.
    const bothOf = async (): Promise<number[]> => {
      let found: number[] = [];
      for (let turn = 0; turn < 200 && found.length < 2; turn++) {
        await pause();
        found = await numbersOf(port, 'task', 'poll');
      }
      return found.toSorted((one, other) => one - other);
    };
    const first = await bothOf();
    const waits = await numbersOf(port, 'goroutine', 'poll');
    await pause();
    await pause();
    assert.equal(first.length, 2);
    assert.deepEqual(await bothOf(), first);
    assert.notDeepEqual(
      (await numbersOf(port, 'goroutine', 'poll')).toSorted((one, other) => one - other),
      waits.toSorted((one, other) => one - other),
    );
  } finally {
    // Whoever fails here ends too.
    goesOn = false;
  }
  await Promise.all(polls);
});
