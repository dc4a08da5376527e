// What can be said after `npm start --`.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readOptions, UsageError } from '../show/options.ts';

test('nothing said means the leak, live, until Ctrl-C', () => {
  assert.deepEqual(readOptions([]), {
    fixed: 'no',
    forMs: undefined,
    everyMs: 2_000,
    tickMs: 500,
    port: 0,
    redis: undefined,
    plain: false,
  });
});

test('times are read with their units', () => {
  const options = readOptions([
    '--fixed',
    '--for',
    '1.5m',
    '--every=500ms',
    '--tick',
    '2s',
    '--redis',
    'own',
  ]);
  assert.ok(options !== 'help');
  assert.deepEqual(
    [options.fixed, options.forMs, options.everyMs, options.tickMs],
    ['yes', 90_000, 500, 2_000],
  );
  assert.equal(options.redis, 'own');
});

test('what npm keeps for itself without a -- counts all the same', () => {
  const npm = { npm_lifecycle_event: 'start' };
  const read = (env: NodeJS.ProcessEnv, ...args: string[]) => readOptions(args, { ...npm, ...env });
  assert.deepEqual(read({ npm_config_fixed: 'true' }), readOptions(['--fixed']));
  assert.deepEqual(read({ npm_config_half_fixed: 'true' }), readOptions(['--half-fixed']));
  assert.deepEqual(read({ npm_config_for: '40s' }), readOptions(['--for=40s']));
  // npm start --every=1s -- --every 3s: what reached us wins.
  assert.deepEqual(read({ npm_config_every: '1s' }, '--every', '3s'), readOptions(['--every', '3s']));
  assert.deepEqual(read({ npm_config_fixed: '' }), readOptions([]));
  assert.deepEqual(readOptions([], { npm_config_fixed: 'true' }), readOptions([]));
  assert.throws(() => read({ npm_config_for: 'true' }, '40s'), {
    message: 'npm keeps --for for itself: write npm start -- --for …',
  });
});

test('what makes no sense is said in one sentence', () => {
  for (const args of [
    ['--for', 'soon'],
    ['--for', '0s'],
    ['--every', '1'],
    ['--redis', 'x'],
    ['--fixed', '--half-fixed'],
    ['--port', '70000'],
    ['--nosuch'],
    ['more'],
  ]) {
    assert.throws(
      () => readOptions(args),
      (error: unknown) => error instanceof UsageError && !error.message.includes('\n'),
      args.join(' '),
    );
  }
});
