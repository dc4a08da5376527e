// Sources of real Go binaries in `-list` and `-weblist`: where pprof finds a file all is as pprof prints it; where it does not, and
// Go's own tools would, the lines are there.
import assert from 'node:assert/strict';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { after, before, describe, test } from 'node:test';
import { gunzipSync } from 'node:zlib';
import { decodeProfile } from '@stackpile/profile';
import { FileError, fileNames, readSourceFile } from '../../src/web/files.ts';
import { realPprof, runReal } from './differential.ts';
import { buildProgram, withoutGo, writeProgram } from './go-program.ts';
import { goldenEnv, runInProcess } from './golden.ts';

const scratch = mkdtempSync(join(tmpdir(), 'stackpile-go-sources-'));
after(() => rmSync(scratch, { recursive: true, force: true }));

/** Functions of every module, and the line that allocates. */
const routines = ['cart.Make', 'near.Make', 'Mod.Make', 'strings.Repeat'];

describe('a Go binary', { skip: withoutGo }, () => {
  const built = join(scratch, 'built');
  const here = join(scratch, 'here');
  before(() => {
    mkdirSync(built);
    writeProgram(built);
    buildProgram(built, 'plain');
    buildProgram(built, 'trimmed', ['-trimpath']);
  });

  const env = (more: Record<string, string> = {}): Record<string, string> =>
    goldenEnv(scratch, { GOPATH: join(here, 'gopath'), PATH: process.env['PATH'] ?? '', ...more });
  const list = (name: string, cwd: string, variables = env()): ReturnType<typeof runInProcess> => {
    const wanted = `-list=${routines.join('|')}`;
    return runInProcess(['-sample_index=alloc_space', wanted, join(built, `${name}.pb.gz`)], {
      cwd,
      env: variables,
    });
  };
  /** The routines whose source lines are shown, and those of which the file was not found. */
  const shown = (text: string): Record<string, boolean> =>
    Object.fromEntries(
      text
        .split('ROUTINE ======================== ')
        .slice(1)
        .map((one) => [one.replace(/^.*?([\w]+\.[A-Z]\w*) in [^]*$/, '$1'), / \d+:/.test(one)]),
    );

  test('pprof finds it: byte for byte what pprof prints', async () => {
    const binary = realPprof();
    assert.ok(binary !== undefined);
    const args = ['-sample_index=alloc_space', `-list=${routines.join('|')}`, 'plain.pb.gz'];
    const options = { cwd: built, env: env(), stdin: '' };
    const [real, ours] = await Promise.all([runReal(binary, args, options), runInProcess(args, options)]);
    assert.equal(ours.stdout.toString(), real.stdout.toString());
    assert.equal(ours.stderr.toString(), real.stderr.toString());
    assert.deepEqual(Object.values(shown(ours.stdout.toString())), [true, true, true, true]);
  });

  describe('whose sources lie elsewhere', () => {
    before(() => {
      mkdirSync(here);
      for (const name of ['shop', 'near', 'gopath']) renameSync(join(built, name), join(here, name));
    });
    const all = { 'cart.Make': true, 'near.Make': true, 'Mod.Make': true, 'strings.Repeat': true };

    test('-trimpath: the main module, a replacement, the module cache and the standard library', async () => {
      const { stdout } = await list('trimmed', join(here, 'shop/cart'));
      assert.deepEqual(shown(stdout.toString()), all);
      const page = join(scratch, 'page.html');
      await runInProcess(['-weblist=Make', `-output=${page}`, join(built, 'trimmed.pb.gz')], {
        cwd: join(here, 'shop'),
        env: env(),
      });
      for (const name of ['cart', 'near', 'mod'])
        assert.match(readFileSync(page, 'utf8'), new RegExp(`${name}\\.go[^]*make\\(\\[\\]byte, 1024\\)`));
    });
    test('-trimpath, in the vendor folder alone', async () => {
      const vendored = join(here, 'vendored');
      cpSync(join(here, 'shop'), vendored, { recursive: true });
      cpSync(
        join(here, 'gopath/pkg/mod/github.com/!big/!mod@v1.2.3'),
        join(vendored, 'vendor/github.com/Big/Mod'),
        { recursive: true },
      );
      const { stdout } = await list('trimmed', vendored, env({ GOPATH: join(scratch, 'none') }));
      assert.deepEqual(shown(stdout.toString()), all);
    });
    test('paths of another machine', async () => {
      const { stdout } = await list('plain', join(here, 'shop'));
      // Of a folder that stands in for a module, only the folder's name would tell.
      assert.deepEqual(shown(stdout.toString()), { ...all, 'near.Make': false });
    });
    test('found nowhere: where it was looked for is said', async () => {
      const { stdout } = await list('trimmed', scratch, env({ GOROOT: built, PATH: '' }));
      assert.deepEqual(
        shown(stdout.toString()),
        Object.fromEntries(Object.entries({ ...all }).map(([name]) => [name, name === 'Mod.Make'])),
      );
      const moved = await list('trimmed', scratch, env({ GOPATH: join(here, 'shop') }));
      assert.match(
        moved.stdout.toString(),
        / Error: could not find file github\.com\/Big\/Mod@v1\.2\.3\/mod\.go on path /,
      );
      mkdirSync(join(scratch, 'empty/pkg/mod'), { recursive: true });
      const empty = await list('trimmed', scratch, env({ GOPATH: join(scratch, 'empty') }));
      assert.ok(
        empty.stdout
          .toString()
          .includes(`        nor at ${join(scratch, 'empty/pkg/mod/github.com/!big/!mod@v1.2.3/mod.go')}\n`),
      );
    });
    test('the page finds them at the same places', async () => {
      const profile = decodeProfile(gunzipSync(readFileSync(join(built, 'trimmed.pb.gz'))));
      const names = [...fileNames(profile)].filter((name) => /(?:cart|near|mod|strings)\.go$/.test(name));
      assert.equal(names.length, 4);
      for (const name of names)
        assert.match(
          (await readSourceFile(profile, name, join(here, 'shop'), env())).text,
          /^(?:\/\/[^\n]*\n|\n)*package /,
        );
      const gone = names.find((name) => name.includes('Big')) ?? '';
      await assert.rejects(
        readSourceFile(profile, gone, scratch, env({ GOPATH: join(scratch, 'empty') })),
        (error) =>
          error instanceof FileError && /not found on this machine, nor at .*!big/.test(error.message),
      );
    });
  });
});
