// What may be asked for at the same time: places that are given back, and a share of the main thread's time, with a clock of our own.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { Limits, Pace, Places, READING_REST } from '../src/captures/limits.ts';
import { SharedReading } from '../src/captures/shared-reading.ts';
import { EndpointError } from '../src/http/messages.ts';

describe('places', () => {
  test('whoever finds none is told when the first one will be free', () => {
    let now = 0;
    const places = new Places('all are taken', 2, () => now);
    places.enter(30);
    const leave = places.enter(10);
    now = 4500;
    assert.throws(
      () => places.enter(1),
      (error: unknown) => {
        assert.ok(error instanceof EndpointError);
        assert.equal(error.status, 503);
        assert.deepEqual(error.headers, { 'Retry-After': '6' });
        assert.equal(error.message, 'all are taken: try again in 6 s');
        return true;
      },
    );
    leave();
    places.enter(1);
    // One that is overdue may be free any moment.
    now = 60_000;
    assert.throws(() => places.enter(1), { message: 'all are taken: try again in 1 s' });
  });

  test('are never more than there are, and all come back: by leaving, by hanging up, by both', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 5 }),
        fc.array(fc.record({ who: fc.nat(9), how: fc.constantFrom('enter', 'leave', 'abort') })),
        (most, steps) => {
          const places = new Places('', most, () => 0);
          const inside = new Map<number, { leave: () => void; abort: AbortController }>();
          for (const { who, how } of steps) {
            const one = inside.get(who);
            if (how === 'enter') {
              if (one !== undefined) continue;
              const abort = new AbortController();
              if (inside.size === most) assert.throws(() => places.enter(1, abort.signal));
              else inside.set(who, { leave: places.enter(1, abort.signal), abort });
            } else if (one !== undefined) {
              if (how === 'abort') one.abort.abort();
              one.leave();
              inside.delete(who);
            }
            assert.equal(places.taken, inside.size);
          }
        },
      ),
    );
  });

  test('who has hung up before takes none', () => {
    const places = new Places('', 1);
    places.enter(1, AbortSignal.abort());
    assert.equal(places.taken, 0);
  });
});

test('the pace: whatever is asked for and whatever it costs, the main thread is stopped for its share of the time', () => {
  fc.assert(
    fc.property(fc.array(fc.double({ min: 0.1, max: 300, noNaN: true }), { minLength: 200 }), (costs) => {
      let now = 0;
      let stopped = 0;
      const pace = new Pace(0.02, 200, () => now);
      for (const cost of costs) {
        now += pace.wait();
        assert.equal(pace.wait(), 0);
        now += cost;
        stopped += cost;
        pace.spend(cost);
      }
      // What was saved up comes on top, and the last one may be owed.
      assert.ok(stopped <= 0.02 * now + 200 + 300, `${stopped} of ${now}`);
    }),
  );
});

test('the rest after a reading: a long one is not followed by minutes without one, and takes a bounded share all the same', () => {
  fc.assert(
    fc.property(fc.array(fc.double({ min: 0.1, max: 5000, noNaN: true }), { minLength: 50 }), (costs) => {
      let now = 0;
      let stopped = 0;
      const pace = new Pace(0.02, 0, () => now, { ms: 5000, times: 10 });
      for (const cost of costs) {
        const rest = pace.wait();
        // 50 ms until there is something in the bucket at all.
        assert.ok(rest <= Math.max(5000, 10 * 5000) + 51, String(rest));
        now += rest + cost;
        stopped += cost;
        pace.spend(cost);
        const next = pace.wait();
        assert.ok(next <= Math.min(cost / 0.02, Math.max(5000, 10 * cost)) + 51, `${next} after ${cost}`);
      }
      assert.ok(stopped <= 0.1 * now + 5000, `${stopped} of ${now}`);
    }),
  );
});

test('collections that are asked for are rarer than other stops, and count as such, too', () => {
  let now = 0;
  const stops = new Pace(0.01, 100, () => now, { ms: 5000, times: 10 });
  const collections = new Pace(0.001, 10, () => now, { ms: 15_000, times: 30 }, stops);
  collections.spend(50);
  assert.equal(stops.wait(), 0);
  assert.ok(collections.wait() > 5000, String(collections.wait()));
  stops.spend(50);
  stops.spend(50);
  now += 100_000;
  assert.equal(collections.wait(), 0);
  for (let i = 0; i < 4; i++) stops.spend(50);
  assert.ok(collections.wait() > 0);
});

test('a service with ten thousand tasks, and a heap of a hundred megabytes, is read as often as one that is watched every five seconds asks', () => {
  let now = 0;
  const clock = (): number => now;
  const pace = new Pace(0.01, 400, clock, READING_REST);
  const stops = new Pace(0.003, 90, clock, READING_REST);
  const limits = new Limits(pace, undefined, undefined, stops);
  for (let i = 0; i < 100; i++) {
    limits.pace.spend(250);
    limits.stops.spend(120);
    now += 5060;
    assert.equal(limits.pace.wait() + limits.stops.wait(), 0, `reading ${i}`);
  }
});

describe('readings', () => {
  const pace = new Pace(1, 1000);

  test('that a crowd shares are followed by more than the whole rest that their price asks for, those of few by a bounded one', async () => {
    for (const [many, atLeast, atMost] of [
      [3, 4000, 5051],
      [50, 149_000, 160_000],
    ] as const) {
      const strict = new Pace(0.001, 1, () => 0, { ms: 5000, times: 10 });
      const reading = new SharedReading<number>();
      const take = (): Promise<{ value: number; cost: number }> => Promise.resolve({ value: 1, cost: 50 });
      await Promise.all(Array.from({ length: many }, () => reading.read(strict, take)));
      for (let turn = 0; turn < 100 && strict.wait() === 0; turn++) await new Promise(setImmediate);
      const rest = strict.wait();
      assert.ok(rest >= atLeast && rest <= atMost, `${rest} ms after a reading for ${many}`);
    }
  });

  test('who asks while one is under way shares the next, which has not begun yet', async () => {
    const reading = new SharedReading<number>();
    const ends: (() => void)[] = [];
    let taken = 0;
    const take = async (): Promise<{ value: number; cost: number }> => {
      const value = ++taken;
      await new Promise<void>((resolve) => ends.push(resolve));
      return { value, cost: 0 };
    };
    const first = reading.read(pace, take);
    while (taken < 1) await new Promise(setImmediate);
    const later = Array.from({ length: 100 }, () => reading.read(pace, take));
    await new Promise(setImmediate);
    assert.equal(taken, 1);
    ends.shift()?.();
    assert.equal(await first, 1);
    while (taken < 2) await new Promise(setImmediate);
    ends.shift()?.();
    assert.deepEqual(new Set(await Promise.all(later)), new Set([2]));
    assert.equal(taken, 2);
  });

  test('of all kinds are taken one after the other, with time between them: together they would be one long stop', async () => {
    const kinds = Array.from({ length: 4 }, () => new SharedReading<number>());
    let under = 0;
    let most = 0;
    const take = async (): Promise<{ value: number; cost: number }> => {
      most = Math.max(most, ++under);
      await new Promise(setImmediate);
      under--;
      return { value: 1, cost: 0.1 };
    };
    await Promise.all([...kinds, ...kinds].map((kind) => kind.read(pace, take)));
    assert.equal(most, 1);
  });

  test('one that hangs in native code holds up those of its own kind only', async () => {
    const [stuck, other] = [new SharedReading<number>(), new SharedReading<number>()];
    const gone = new AbortController();
    const hangs = stuck.read(pace, () => new Promise(() => undefined), gone.signal);
    assert.equal(await other.read(pace, () => Promise.resolve({ value: 7, cost: 0 })), 7);
    gone.abort();
    await assert.rejects(hangs, { code: 'AGENT_ABORTED' });
  });

  test('who goes waits no more; the others get theirs', async () => {
    const reading = new SharedReading<string>();
    let end = (): void => undefined;
    let begin = (): void => undefined;
    const taken = new Promise<void>((resolve) => (begin = resolve));
    const take = async (): Promise<{ value: string; cost: number }> => {
      begin();
      await new Promise<void>((resolve) => (end = resolve));
      return { value: 'read', cost: 0 };
    };
    const gone = new AbortController();
    const [stays, goes] = [reading.read(pace, take), reading.read(pace, take, gone.signal)];
    await taken;
    gone.abort();
    await assert.rejects(goes, { code: 'AGENT_ABORTED' });
    end();
    assert.equal(await stays, 'read');
  });

  test('one that fails fails for those who share it, and the next one is taken', async () => {
    const reading = new SharedReading<number>();
    const fails = (): Promise<never> => Promise.reject(new Error('stuck'));
    const both = [reading.read(pace, fails), reading.read(pace, fails)];
    for (const one of both) await assert.rejects(one, { message: 'stuck' });
    assert.equal(await reading.read(pace, () => Promise.resolve({ value: 7, cost: 0 })), 7);
  });
});
