// Files that the real tools wrote, and what they hold.
import assert from 'node:assert/strict';
import test from 'node:test';
import { profileText } from '../support/stacks.ts';
import { fixtureBytes, fixtureText, read } from './support.ts';

const files = [
  'shop.cpuprofile',
  'shop.heapprofile',
  'shop.folded',
  'shop.speedscope.json',
  'page.trace.json',
  'shop.perf',
];

for (const name of files) {
  test(`golden: ${name}`, () => {
    assert.equal(profileText(read(fixtureBytes(name))), fixtureText(`${name}.txt`));
  });
}
