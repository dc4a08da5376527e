// The bundle: it prints what the sources print, on its own, and loads little to do so.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { encodeProfile, ProfileBuilder } from '@stackpile/profile';
import { runInProcess } from './pprof/golden.ts';

const root = fileURLToPath(new URL('../../..', import.meta.url));

describe('the bundle', () => {
  let folder = '';
  let bin = '';
  before(() => {
    // Inside the repository, where the packages that are not bundled are found.
    mkdirSync(join(root, '.cache'), { recursive: true });
    folder = mkdtempSync(join(root, '.cache', 'bundle-'));
    bin = join(folder, 'bin');
    const script = join(root, 'scripts/bundle.ts');
    const built = spawnSync(process.execPath, ['--conditions=stackpile-source', script, bin], {
      encoding: 'utf8',
      cwd: root,
    });
    assert.equal(built.status, 0, built.stderr);
    const builder = new ProfileBuilder({ sampleTypes: [{ type: 'cpu', unit: 'nanoseconds' }] });
    const fn = builder.function('_ZN4shop4workEi', '/src/a.cc', 1, '_ZN4shop4workEi');
    builder.sample([builder.location({ address: 1n, lines: [{ function: fn, line: 7 }] })], [30_000_000]);
    writeFileSync(join(folder, 'p.pb.gz'), gzipSync(encodeProfile(builder.build())));
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  const env = { TERM: 'dumb', TZ: 'UTC', PATH: process.env['PATH'] ?? '' };
  const run = (args: readonly string[], nodeArgs: readonly string[] = []): ReturnType<typeof spawnSync> =>
    spawnSync(process.execPath, [...nodeArgs, join(bin, 'stackpile.js'), ...args], { cwd: folder, env });

  test('prints what the sources print', async () => {
    for (const args of [
      ['-top', 'p.pb.gz'],
      ['-dot', 'p.pb.gz'],
      ['-folded', 'p.pb.gz'],
      ['-top', 'nosuch'],
      ['-nosuch'],
    ]) {
      const expected = await runInProcess(args, { cwd: folder, env });
      const { stdout, stderr, status } = run(args);
      assert.deepEqual(stdout, expected.stdout, args.join(' '));
      assert.deepEqual(stderr, expected.stderr, args.join(' '));
      assert.equal(status, expected.code);
    }
  });

  test('draws with the packages beside it', () => {
    assert.match(String(run(['-svg', 'p.pb.gz']).stdout), /<svg width="100%"/);
  });

  test('a report needs neither the network nor other programs, nor most of the files', () => {
    // What an ES module loads is known to the resolver only; a hook that writes it down is the simplest witness.
    const hook = join(folder, 'hook.mjs');
    const seen = join(folder, 'seen');
    writeFileSync(
      hook,
      `import { appendFileSync } from 'node:fs';
import { register } from 'node:module';
register('data:text/javascript,' + encodeURIComponent(\`
import { appendFileSync } from 'node:fs';
export async function resolve(name, context, next) {
  const found = await next(name, context);
  appendFileSync(${JSON.stringify(seen)}, found.url + '\\\\n');
  return found;
}\`));`,
    );
    const { status, stderr } = run(['-top', 'p.pb.gz'], ['--import', hook]);
    assert.equal(status, 0, String(stderr));
    const loaded = readFileSync(seen, 'utf8').split('\n');
    for (const heavy of [
      'http',
      'https',
      'net',
      'tls',
      'child_process',
      'readline',
      'worker_threads',
      'fs/promises',
    ]) {
      assert.ok(!loaded.includes(`node:${heavy}`), `node:${heavy} is loaded`);
    }
    const own = [...new Set(loaded.filter((url) => url.includes('/bin/')))].map((url) => fileURLToPath(url));
    const bytes = own.reduce((sum, file) => sum + statSync(file).size, 0);
    assert.ok(own.length < readdirSync(bin).length, 'everything is loaded');
    assert.ok(bytes < 500_000, `${bytes} bytes are loaded`);
  });
});
