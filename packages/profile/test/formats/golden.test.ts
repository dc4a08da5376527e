// Files that the real tools wrote (the old CPU profile is one of them in the form of its time), and what they hold.
import assert from 'node:assert/strict';
import test from 'node:test';
import { profileText } from '../support/stacks.ts';
import { formatFiles, moreFiles } from './files.ts';
import { fixtureBytes, fixtureText, read } from './support.ts';

for (const name of [...formatFiles, ...moreFiles]) {
  test(`golden: ${name}`, () => {
    assert.equal(profileText(read(fixtureBytes(name))), fixtureText(`${name}.txt`));
  });
}
