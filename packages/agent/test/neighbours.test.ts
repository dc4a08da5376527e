// Other profilers in the same process: theirs give right figures beside ours, and ours beside theirs, whoever came first.
//
// Those of others are not dependencies: `installOnce` puts them into .cache/neighbours, in CI or by
// STACKPILE_TEST_NEIGHBOURS=install.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { int64At, readProfile } from '@stackpile/profile';
import { inCi, unlessCi } from '../../../testing/ci.ts';
import { installOnce } from '../../../testing/nodes.ts';
import { framesOf } from '../src/text/read.ts';
import { sourceFlags } from './serving.ts';

const program = fileURLToPath(new URL('programs/neighbour.mjs', import.meta.url));
const packages = { '@datadog/pprof': '5.20.0', '@pyroscope/nodejs': '0.6.4' };
const cached = fileURLToPath(new URL('../../../.cache/neighbours', import.meta.url));
const canUse =
  inCi || process.env['STACKPILE_TEST_NEIGHBOURS'] === 'install' || existsSync(`${cached}/installed.json`);
const skip = unlessCi(!canUse && 'other profilers are not installed: STACKPILE_TEST_NEIGHBOURS=install');

const onNode20 =
  Number(process.versions.node.split('.')[0]) < 22 &&
  'on Node 20 the file of --cpu-prof has nothing of what comes after our first CPU recording';

let modules = '';
const folders: string[] = [];
before(() => {
  if (canUse) modules = installOnce('neighbours', packages);
});
after(() => {
  for (const folder of folders) rmSync(folder, { recursive: true });
});

/** Share of the CPU time of both that `eighty` has, or the bytes that `keep` holds; in the last sample type. */
async function figure(path: string, of: 'cpu' | 'heap'): Promise<number> {
  const profile = await readProfile(readFileSync(path));
  const values = profile.samples.values.at(-1);
  assert.ok(values !== undefined);
  const sums = new Map<string, number>();
  for (let row = 0; row < profile.samples.length; row++) {
    const names = new Set(framesOf(profile, row).map(({ name }) => name.split(/[.:]/u).at(-1) ?? ''));
    for (const name of names) sums.set(name, (sums.get(name) ?? 0) + Number(int64At(values, row)));
  }
  const [eighty = 0, twenty = 0, keep = 0] = ['eighty', 'twenty', 'keep'].map((name) => sums.get(name));
  return of === 'cpu' ? eighty / (eighty + twenty) : keep;
}

/** Runs the program beside another profiler; gives the folder with what both have seen. */
async function beside(which: string, flags: readonly string[], agentFirst: boolean): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'stackpile-neighbours-'));
  folders.push(folder);
  const args = [...sourceFlags, ...flags, program, which, folder, modules];
  await promisify(execFile)(process.execPath, args, {
    cwd: folder,
    timeout: 240_000,
    env: { ...process.env, NODE_NO_WARNINGS: '1', AGENT_FIRST: agentFirst ? 'yes' : 'no' },
  });
  return folder;
}

/** All that is there is right: CPU 8 : 2, and 48 MB kept, as far as the few samples of a busy machine tell. Whoever has measured it is told by the file's name. */
async function expectRight(folder: string): Promise<void> {
  const seen: string[] = [];
  const wrong: string[] = [];
  const files = readdirSync(folder).filter((name) => /\.(?:cpuprofile|heapprofile|pb\.gz)$/u.test(name));
  for (const name of files.sort()) {
    const of = /cpu/iu.test(name) ? 'cpu' : 'heap';
    const value = await figure(join(folder, name), of);
    const told = `${name} ${of === 'cpu' ? value.toFixed(2) : `${(value / 1e6).toFixed(0)} MB`}`;
    seen.push(told);
    // After the other one has ended the sampler too, and as much again was kept.
    const isRight = of === 'cpu' ? value > 0.5 && value < 0.98 : value > 28e6 && value < 70e6;
    if (!isRight) wrong.push(told);
  }
  console.log(`     ${seen.join(', ')}`);
  assert.deepEqual(wrong, [], `not 0.8 of the CPU time, or 48 MB kept, of ${seen.join(', ')}`);
  assert.ok(seen.length >= 5, `only ${seen.join(', ')}`);
}

describe('both give right figures, beside', () => {
  for (const agentFirst of [true, false]) {
    const order = agentFirst ? 'the agent was first' : 'the other was first';
    test('--cpu-prof', { skip: agentFirst ? onNode20 : true }, async () =>
      expectRight(await beside('cpu-prof', ['--cpu-prof', '--cpu-prof-name=theirs.cpuprofile'], true)),
    );
    test(`an inspector's session that records, ${order}`, async () =>
      expectRight(await beside('session', [], agentFirst)));
    for (const name of ['datadog', 'pyroscope'])
      test(`${name}, ${order}`, { skip }, async () => expectRight(await beside(name, [], agentFirst)));
  }
});
