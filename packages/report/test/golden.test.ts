// Every report of the demo profile equals what the real tool printed of it.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import test from 'node:test';
import { isCommandName } from '../src/index.ts';
import { goldenReports } from './golden.ts';
import { demoProfile } from './support/demo.ts';
import { report } from './support/run.ts';

// Compiled tests lie elsewhere; the golden files stay with the sources.
const folder = new URL(
  import.meta.url.endsWith('.ts') ? './golden/' : '../../../packages/report/test/golden/',
  import.meta.url,
);

for (const { name, flags } of goldenReports) {
  test(`golden: ${name}`, () => {
    const [command = '', pattern = ''] = (flags[0] as string).split('=');
    assert.ok(isCommandName(command));
    const { text } = report(demoProfile(), command, flags.slice(1), pattern);
    assert.equal(text, readFileSync(new URL(`${name}.txt`, folder), 'utf8'));
  });
}
