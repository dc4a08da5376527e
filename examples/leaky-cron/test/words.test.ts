// What is said around the view.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { closing, header } from '../show/words.ts';

const scene = {
  fixed: 'no',
  pid: 7,
  redis: 'a redis',
  redisUrl: 'redis://127.0.0.1:6379',
  pprof: 'http://127.0.0.1:6060/debug/pprof/',
} as const;

test('the page stands beside the index of Go, and in the end what to do with a service of one’s own', () => {
  const [watched, browser = ''] = header(scene, (_, text) => text);
  assert.equal(
    watched,
    'Stackpile watches leaky-cron (pid 7), which talks to a redis, redis://127.0.0.1:6379',
  );
  assert.match(
    browser,
    /http:\/\/127\.0\.0\.1:6060\/debug\/pprof\/ui .*http:\/\/127\.0\.0\.1:6060\/debug\/pprof\/\)/u,
  );
  assert.match(closing().join(' '), /startServer.*watch :6060.*leaks :6060/u);
});
