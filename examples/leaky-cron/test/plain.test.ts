// What is printed where nothing can be redrawn.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { findLeaks, type Verdict } from '@stackpile/leaks';
import { ProfileBuilder } from '@stackpile/profile';
import { PlainView } from '../show/plain.ts';
import { closing, header, type Scene, unpainted } from '../show/view.ts';

/** A verdict that convicts `name` of a share of everything that is there. */
function verdict(name: string, share: number): Verdict {
  const dumps = [0, 1, 2, 3, 4, 5, 6, 7].map((k) => {
    const builder = new ProfileBuilder({ sampleTypes: [{ type: 'goroutine', unit: 'count' }] });
    const sample = (fn: string, count: number): void =>
      builder.sample(
        [builder.location({ lines: [{ function: builder.function(fn, '/app/a.ts'), line: 7 }] })],
        [count],
      );
    const leaked = 1 + 20 * k;
    sample(name, leaked);
    sample('steady', Math.round((141 * (1 - share)) / share));
    return { profile: builder.build(), time: 1_700_000_000_000 + k * 10_000 };
  });
  return findLeaks(dumps);
}

function scene(seconds: number, now: Verdict | undefined): Scene {
  return {
    title: 'leaky-cron',
    pid: 7,
    redis: 'a redis',
    redisUrl: 'redis://127.0.0.1:6379',
    pprof: 'http://127.0.0.1:6060/debug/pprof/',
    elapsedMs: seconds * 1000,
    times: [0, 2000, 4000, 6000, 8000, 10_000],
    totals: [1, 2, 3, 4, 5, 6],
    noun: 'tasks',
    verdict: now,
  };
}

test('a line every 10 s, and the verdict when it is new, when it has changed, and when it is another', () => {
  const view = new PlainView();
  const counts = (lines: readonly string[]): number => lines.filter((line) => / tasks /u.test(line)).length;
  const convicted = (lines: readonly string[]): string | undefined =>
    lines.find((line) => line.startsWith('LEAK'))?.split(/ +/u)[1];
  const at = (seconds: number, now?: Verdict): [number, string | undefined] => {
    const lines = view.lines(scene(seconds, now));
    return [counts(lines), convicted(lines)];
  };
  assert.equal(verdict('leaks', 0.6).kind, 'leak');
  assert.deepEqual(at(0), [1, undefined]);
  assert.deepEqual(at(2), [0, undefined]);
  // Named as soon as it is known, not only with the next line.
  assert.deepEqual(at(4, verdict('leaks', 0.57)), [1, 'leaks']);
  assert.deepEqual(at(6, verdict('leaks', 0.9)), [0, undefined]);
  assert.deepEqual(at(14, verdict('leaks', 0.9)), [1, 'leaks']);
  assert.deepEqual(at(24, verdict('leaks', 0.93)), [1, undefined]);
  assert.deepEqual(at(26, verdict('other', 0.93)), [1, 'other']);
});

test('the page stands beside the index of Go, and in the end what to do with a service of one’s own', () => {
  const [, browser = ''] = header(scene(0, undefined), unpainted);
  assert.match(
    browser,
    /http:\/\/127\.0\.0\.1:6060\/debug\/pprof\/ui .*http:\/\/127\.0\.0\.1:6060\/debug\/pprof\/\)/u,
  );
  assert.match(closing().join(' '), /startServer.*leaks :6060/u);
});
