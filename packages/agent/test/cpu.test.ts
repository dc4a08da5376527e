// CPU windows on a profiler of our own: how often it is cut, what each window gets, and what is kept.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { int64At, type Profile } from '@stackpile/profile';
import fc from 'fast-check';
import { type CpuContext, CpuProfiler } from '../src/captures/cpu.ts';
import { CallTree, cpuProfile, type CpuNode, type CpuProfile } from '../src/inspect/cpu-profile.ts';
import { CpuRecording } from '../src/captures/cpu-recording.ts';
import { Limits, Pace } from '../src/captures/limits.ts';
import { Originals } from '../src/originals.ts';
import type { InspectorSession } from '../src/inspect/main-thread.ts';

const frame = (functionName: string): CpuNode['callFrame'] => ({
  functionName,
  scriptId: '1',
  url: 'file:///app/main.js',
  lineNumber: 1,
  columnNumber: 0,
});
const nodes: readonly CpuNode[] = [
  { id: 1, callFrame: { ...frame('(root)'), url: '', scriptId: '0' }, children: [2, 4] },
  { id: 2, callFrame: frame('serve'), children: [3] },
  { id: 3, callFrame: frame('parse') },
  { id: 4, callFrame: frame('tick') },
];

/** Samples of a profile by stack, and their sum. */
function counted(profile: Profile): Map<string, number> {
  const { samples, locations, functions, strings } = profile;
  const found = new Map<string, number>();
  for (let row = 0; row < samples.length; row++) {
    const stack = samples.stackLocations.subarray(samples.stackStart[row], samples.stackStart[row + 1]);
    const names = Array.from(stack, (location) =>
      strings.get(functions.name[locations.lines.function[locations.lineStart[location] ?? 0] ?? 0] ?? 0),
    );
    const values = samples.values[0];
    assert.ok(values !== undefined);
    found.set(names.join(' < '), (found.get(names.join(' < ')) ?? 0) + Number(int64At(values, row)));
  }
  return found;
}

/** A profiler that takes one sample every 10 ms of the real clock. */
class FakeProfiler implements InspectorSession {
  readonly calls: string[] = [];
  #startedAt = 0;

  async post<T>(method: string): Promise<T> {
    // What an answer is only its caller knows.
    return this.#answer(method) as T;
  }

  #answer(method: string): object {
    // Where frames were written is asked for too, and no script is known.
    if (method.startsWith('Profiler.')) this.calls.push(method);
    const now = Number(process.hrtime.bigint() / 1000n);
    if (method === 'Profiler.start') this.#startedAt = now;
    if (method !== 'Profiler.stop') return {};
    const samples = Array.from({ length: Math.floor((now - this.#startedAt) / 10_000) }, () => 3);
    const profile: CpuProfile = {
      nodes,
      startTime: this.#startedAt,
      endTime: now,
      samples,
      timeDeltas: samples.map(() => 10_000),
    };
    return { profile };
  }

  on(): () => void {
    return () => undefined;
  }

  count(method: string): number {
    return this.calls.filter((call) => call === method).length;
  }
}

function profiling(limits = new Limits()): {
  profiler: CpuProfiler;
  fake: FakeProfiler;
  limits: Limits;
} {
  const fake = new FakeProfiler();
  const originals = new Originals();
  const thread = { withSession: <T>(use: (session: InspectorSession) => Promise<T>) => use(fake) };
  const context: CpuContext = {
    thread,
    limits,
    isResponsive: () => Promise.resolve(true),
    originals,
    program: '',
    cwd: '/app',
  };
  return { profiler: new CpuProfiler(context), fake, limits };
}

const request = { seconds: 0.05, hz: 100, idle: false, signal: new AbortController().signal };

async function idle(profiler: CpuProfiler): Promise<void> {
  while (profiler.kept.windows > 0 || profiler.kept.segments > 0) await new Promise(setImmediate);
}

describe('CPU windows', () => {
  test('many that are the same are one: one recording, one profile for all', async () => {
    const { profiler, fake, limits } = profiling();
    const profiles = await Promise.all(Array.from({ length: 64 }, () => profiler.capture(request)));
    assert.equal(new Set(profiles).size, 1);
    assert.equal(limits.waiting.taken, 0);
    await idle(profiler);
    assert.deepEqual(fake.calls, [
      'Profiler.enable',
      'Profiler.setSamplingInterval',
      'Profiler.start',
      'Profiler.stop',
      'Profiler.disable',
    ]);
  });

  test('of those that differ so many are recorded as there are places, the others are told when to come', async () => {
    const { profiler, limits } = profiling();
    const all = await Promise.allSettled(
      Array.from({ length: 30 }, (_, i) => profiler.capture({ ...request, hz: 1 + i })),
    );
    const refused = all.flatMap((one) => (one.status === 'rejected' ? [one.reason as unknown] : []));
    assert.equal(refused.length, 14);
    for (const error of refused) {
      assert.match(String(error), /16 recordings are under way already: try again in 1 s$/u);
    }
    assert.equal(limits.recordings.taken, 0);
  });

  test('those that are due together are cut together, however many: the pace is what decides', async () => {
    const limits = new Limits(undefined, new Pace(0.02, 200, () => 0));
    // Everything is spent, and no time passes for the pace: only the end of the recording may cut it.
    const { profiler, fake } = profiling(limits);
    const long = profiler.capture({ ...request, seconds: 0.3 });
    while (fake.count('Profiler.start') === 0) await new Promise(setImmediate);
    limits.cuts.spend(1000);
    const short = Array.from({ length: 10 }, (_, i) =>
      profiler.capture({ ...request, seconds: 0.02 + i / 100 }),
    );
    const profiles = await Promise.all([long, ...short]);
    assert.equal(fake.count('Profiler.stop'), 1);
    // Each has what falls into its own time, although all were answered at the end.
    const sums = profiles.map((profile) => counted(profile).get('parse < serve') ?? 0);
    const [all = 0, shortest = 0, longest = 0] = [sums[0], sums[1], sums.at(-1)];
    assert.ok(all > longest && longest > shortest, sums.join(' '));
  });

  test('who hangs up frees the place at once, and with the last one the profiler stops', async () => {
    const { profiler, fake, limits } = profiling();
    const gone = new AbortController();
    const all = Array.from({ length: 16 }, (_, i) =>
      profiler.capture({ ...request, seconds: 300 + i, signal: gone.signal }),
    );
    const ended = Promise.allSettled(all);
    while (fake.count('Profiler.start') === 0) await new Promise(setImmediate);
    await assert.rejects(profiler.capture(request), /16 recordings are under way/u);
    gone.abort();
    await ended;
    assert.equal(limits.recordings.taken, 0);
    await idle(profiler);
    while (fake.count('Profiler.disable') === 0) await new Promise(setImmediate);
    assert.equal(fake.count('Profiler.stop'), 1);
    // And there is room again.
    await profiler.capture(request);
    await idle(profiler);
  });

  test('one of two who wait for the same hangs up: the other one gets it', async () => {
    const { profiler } = profiling();
    const gone = new AbortController();
    const [goes, stays] = [profiler.capture({ ...request, signal: gone.signal }), profiler.capture(request)];
    gone.abort();
    await assert.rejects(goes, { code: 'AGENT_ABORTED' });
    assert.ok((await stays).samples.length > 0);
  });

  test('V8 hands over what it has long before a window ends, and what is kept does not grow with it', async () => {
    const { profiler, fake } = profiling(new Limits(undefined, new Pace(1, 10_000)));
    // A million samples a second: V8 would be full every 30 ms.
    const long = profiler.capture({ ...request, hz: 1_000_000, seconds: 0.4 });
    let most = 0;
    let done = false;
    void long.finally(() => (done = true));
    while (!done) {
      most = Math.max(most, profiler.kept.segments);
      await new Promise(setImmediate);
    }
    assert.ok(fake.count('Profiler.stop') > 2, String(fake.count('Profiler.stop')));
    assert.ok(most <= 2, `${most} segments`);
    await idle(profiler);
  });

  test('an inspector that fails fails the windows, and nothing is left of them', async () => {
    const { profiler, fake, limits } = profiling();
    const post = fake.post.bind(fake);
    fake.post = <T>(method: string): Promise<T> =>
      method === 'Profiler.start' ? Promise.reject(new Error('no profiler')) : post<T>(method);
    await assert.rejects(profiler.capture(request), { message: 'no profiler' });
    assert.equal(limits.recordings.taken, 0);
    fake.post = post;
    await profiler.capture(request);
  });
});

describe('a recording', () => {
  /** Samples at every microsecond from 1 on. */
  function pieceOf(samples: readonly number[], from: number, to: number): CpuProfile {
    const part = samples.slice(from, to);
    return {
      nodes,
      startTime: from,
      endTime: to,
      samples: part,
      timeDeltas: part.map((_, i) => (i === 0 ? 0 : 1)),
    };
  }

  test('gives each window what ran in it, wherever it was cut and whatever was forgotten meanwhile', () => {
    const at = fc.nat(200);
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 2, max: 4 }), { minLength: 200, maxLength: 200 }),
        fc.array(fc.tuple(at, at), { minLength: 1, maxLength: 8 }),
        fc.uniqueArray(at, { maxLength: 8 }),
        (samples, spans, cutsAt) => {
          const windows = spans.map(([a, b]) => ({ from: Math.min(a, b), to: Math.max(a, b) }));
          const cuts = [...new Set([...cutsAt, ...windows.map(({ to }) => to), 200])]
            .filter((cut) => cut > 0)
            .sort((a, b) => a - b);
          const recording = new CpuRecording();
          let last = 0;
          let open = windows;
          for (const cut of cuts) {
            const begun = open.filter(({ from }) => from < cut);
            recording.add(
              pieceOf(samples, last, cut),
              begun.flatMap(({ from, to }) => [from, to]),
            );
            last = cut;
            for (const window of begun.filter(({ to }) => to <= cut)) {
              const whole = new CallTree();
              whole.addPiece(pieceOf(samples, 0, 200), window.from, window.to);
              const all = { ...window, timeNanos: 0n, intervalMicros: 1, idle: false };
              const profile = cpuProfile([pieceOf(samples, 0, 200)], all, {
                program: '',
                cwd: '/',
                originals: new Originals(),
              });
              assert.deepEqual(recorded(recording.between(window.from, window.to)), recorded(whole));
              const sum = [...counted(profile).values()].reduce((a, b) => a + b, 0);
              assert.ok(Math.abs(sum - (window.to - window.from)) <= 1);
            }
            open = open.filter(({ to }) => to > cut);
            recording.keep(open.filter(({ from }) => from < cut).map(({ from }) => from));
            assert.ok(recording.length <= 2 * open.length);
          }
          assert.equal(recording.length, 0);
        },
      ),
    );
  });

  function recorded(tree: CallTree): string[] {
    return [...tree.leaves()]
      .map(({ call, callers }) => {
        const names = [call.frame, ...callers].map(({ functionName }) => functionName).join(' < ');
        return `${names}: ${[...call.samples.values()].join()} ${call.micros}`;
      })
      .sort();
  }
});
