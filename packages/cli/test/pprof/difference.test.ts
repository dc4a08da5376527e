// Differences of which only sums are printed: what no sample needs has to stay without a say.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { encodeProfile, ProfileBuilder } from '@stackpile/profile';
import { goldenEnv, runCommand } from './golden.ts';

const folder = mkdtempSync(join(tmpdir(), 'stackpile-difference-'));
after(() => rmSync(folder, { recursive: true }));

/** One sample in `main.work`; a location of `main.gone` that none goes through. */
function write(name: string, value: number): void {
  const builder = new ProfileBuilder({ sampleTypes: [{ type: 'cpu', unit: 'nanoseconds' }] });
  const mapping = builder.mapping({ start: 0x1000n, limit: 0x9000n, filename: '/bin/shop', flags: 15 });
  const [work, gone] = ['main.work', 'main.gone'].map((fn) => builder.function(fn, '/shop.go', 1, fn));
  builder.location({ mapping, address: 0x2000n, lines: [{ function: gone as number, line: 3 }] });
  const at = builder.location({ mapping, address: 0x1000n, lines: [{ function: work as number, line: 2 }] });
  builder.sample([at], [value]);
  writeFileSync(join(folder, name), encodeProfile(builder.build()));
}

test('an option that is asked of locations does not meet those that no sample needs', async () => {
  write('base.pb', 10_000_000);
  write('next.pb', 30_000_000);
  const run = (...args: string[]): ReturnType<typeof runCommand> =>
    runCommand(args, { cwd: folder, env: goldenEnv(folder), stdin: '' });
  const { stdout, stderr } = await run('-top', '-hide=gone', '-diff_base=base.pb', 'next.pb');
  assert.match(stderr.toString(), /^Hide expression matched no samples$/m);
  assert.match(stdout.toString(), /^ +20ms 200\.00% 200\.00% +20ms 200\.00% +main\.work$/m);
  const plain = await run('-top', '-diff_base=base.pb', 'next.pb');
  assert.doesNotMatch(plain.stdout.toString(), /gone/);
});
