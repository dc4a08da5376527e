// The lines of the view.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { stripVTControlCharacters } from 'node:util';
import { fit } from '../show/screen.ts';
import {
  clock,
  countLine,
  painted,
  place,
  rate,
  shortPlace,
  type Scene,
  signedRate,
  sparkline,
  unpainted,
  verdictLines,
  wrap,
} from '../show/view.ts';

const scene: Scene = {
  title: 'leaky-cron',
  pid: 7,
  redis: 'a redis',
  redisUrl: 'redis://127.0.0.1:6379',
  pprof: 'http://127.0.0.1:6060/debug/pprof/',
  elapsedMs: 64_400,
  times: [0, 2_000, 4_000],
  totals: [8, 16, 24],
  noun: 'tasks',
  verdict: undefined,
};

test('a sparkline starts at zero and keeps the last values', () => {
  assert.equal(sparkline([0, 4, 8], 8), '▁▅█');
  assert.equal(sparkline([12, 12, 12], 8), '███');
  assert.equal(sparkline([1, 2, 3, 4], 2), '▇█');
  assert.equal(sparkline([], 2), '');
});

test('growth is counted over the last looks', () => {
  assert.equal(rate(scene), 4);
  assert.equal(rate({ totals: [5], times: [0] }), 0);
  assert.deepEqual([4, -0.25, 0.01, -0.01].map(signedRate), ['+4.0/s', '-0.3/s', '±0.0/s', '±0.0/s']);
});

test('the line of counts', () => {
  assert.equal(clock(64_400), '1:04');
  assert.equal(countLine(scene, unpainted), ' 1:04     24 tasks   +4.0/s  ▃▆█');
  assert.equal(stripVTControlCharacters(countLine(scene, painted)), countLine(scene, unpainted));
});

test('a place is short below the reader’s folder and whole elsewhere', () => {
  assert.equal(place({ file: '/app/src/a.ts', line: 3 }, '/app'), 'src/a.ts:3');
  assert.equal(place({ file: 'file:///app/src/a.ts', line: 3 }, '/app'), 'src/a.ts:3');
  assert.equal(place({ file: '/lib/a.ts', line: 0 }, '/app'), '/lib/a.ts');
});

test('a long place loses folders, never its file and line', () => {
  const whole = 'examples/leaky-cron/src/subscribe-leaky.ts:20';
  assert.equal(shortPlace(whole, 45), whole);
  assert.equal(shortPlace(whole, 44), '…/leaky-cron/src/subscribe-leaky.ts:20');
  assert.equal(shortPlace(whole, 30), '…/src/subscribe-leaky.ts:20');
  assert.equal(shortPlace(whole, 10), 'subscribe-leaky.ts:20');
  assert.equal(shortPlace('a.ts:1', 3), 'a.ts:1');
});

test('without a verdict the view says so', () => {
  assert.deepEqual(verdictLines(scene, unpainted), ['too early to say: 3 of at least 5 looks so far']);
});

test('a sentence is broken between its words', () => {
  assert.deepEqual(wrap('one two three', 9, '  '), ['  one two', '  three']);
  assert.deepEqual(wrap('unbreakable', 4, ' '), [' unbreakable']);
  assert.deepEqual(wrap('one two', Number.POSITIVE_INFINITY, ''), ['one two']);
});

test('a long line is cut to the terminal, its colours closed', () => {
  const cut = fit(`ab${painted('red', 'cdef')}gh`, 5);
  assert.equal(stripVTControlCharacters(cut), 'abcd…');
  assert.ok(cut.endsWith('\x1b[0m'));
  assert.equal(fit('short', 5), 'short');
});
