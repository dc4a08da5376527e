// Source pages: what is summed on a line.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ProfileBuilder } from '@stackpile/profile';
import { defaultOptions, reportCommand, runReport } from '../../src/index.ts';

test('the last address there is counts nothing, as in pprof', () => {
  const builder = new ProfileBuilder({ sampleTypes: [{ type: 'samples', unit: 'count' }] });
  const work = builder.function('main.work', '/nosuch/main.go', 1, 'main.work');
  const mapping = builder.mapping({ start: 1n, limit: 99n, filename: '/bin/shop', flags: 15 });
  for (const [address, count] of [
    [16n, 3],
    [(1n << 64n) - 1n, 50],
  ] as const) {
    builder.sample([builder.location({ mapping, address, lines: [{ function: work, line: 7 }] })], [count]);
  }
  const output = runReport(builder.build(), reportCommand('weblist', 'work'), defaultOptions());
  assert.equal(output.type, 'text');
  const page = output.type === 'text' ? [...output.chunks].join('') : '';
  assert.match(page, / {2}Total: +3 +3 \(flat, cum\) {2}5\.66%/);
});
