// What counts as CI, and that no test asks in a way of its own.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { saysCi, unlessCi } from '../../testing/ci.ts';
import { root, trackedFiles } from '../house.ts';

test('an empty CI, false and 0 are not CI', () => {
  for (const value of [undefined, '', ' ', '0', 'false', 'False']) assert.equal(saysCi(value), false, value);
  for (const value of ['true', '1', 'yes', 'woodpecker']) assert.equal(saysCi(value), true, value);
});

test('where nothing is missing, nothing is skipped', () => {
  assert.equal(unlessCi(false), false);
});

test('only testing/ci.ts asks for CI', () => {
  const asking = trackedFiles()
    .filter((path) => /\.(ts|tsx|mjs)$/.test(path))
    .filter((path) => /env(\.CI\b|\[['"]CI['"]\])/.test(readFileSync(join(root, path), 'utf8')));
  assert.deepEqual(asking, ['testing/ci.ts']);
});
