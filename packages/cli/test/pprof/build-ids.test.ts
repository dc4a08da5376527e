// Binaries by their build ids, and what was stripped from them: found where it is of the same build, and nowhere else.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { encodeProfile, ProfileBuilder } from '@stackpile/profile';
import fc from 'fast-check';
import { unlessCi } from '../../../../testing/ci.ts';
import { ElfFile } from '../../src/binaries/elf.ts';
import { BinaryError } from '../../src/binaries/error.ts';
import { goldenEnv, runInProcess } from './golden.ts';

const scratch = mkdtempSync(join(tmpdir(), 'stackpile-builds-'));
after(() => rmSync(scratch, { recursive: true, force: true }));
const missing = ['gcc', 'objcopy', 'strip', 'readelf', 'nm'].filter(
  (program) => spawnSync(program, ['--version']).status !== 0,
);
const withoutTools = unlessCi(missing.length > 0 && `not installed: ${missing.join(', ')}`);

function tool(program: string, ...args: string[]): string {
  const { status, stdout, stderr } = spawnSync(program, args, { cwd: scratch, encoding: 'utf8' });
  assert.equal(status, 0, stderr);
  return stdout;
}

/** Compiles the program, whose one function stands on line `line`, and splits it: `NAME`, `NAME.debug` and `NAME.bare`, which names that. */
function build(name: string, line: number, ...flags: string[]): void {
  const code = `__attribute__((noinline)) int work(int n) { volatile int sum = n; return sum * 3; }`;
  writeFileSync(
    join(scratch, 'shop.c'),
    `${'\n'.repeat(line - 1)}${code}\nint main(int n, char **_) { return work(n); }\n`,
  );
  tool('gcc', 'shop.c', '-g', '-O1', ...flags, '-o', name);
  tool('objcopy', '--only-keep-debug', name, `${name}.debug`);
  tool('objcopy', '--strip-all', `--add-gnu-debuglink=${name}.debug`, name, `${name}.bare`);
}

const buildIdOf = (name: string): string => /Build ID: (\w+)/.exec(tool('readelf', '-n', name))?.[1] ?? '';

/** Writes `p.pb`: a sample in `work` of the binary `of`, mapped from `filename` at a place of its own. */
function profileOf(of: string, filename: string, buildId = ''): void {
  const [, symbol = '0'] = /^(\w+) \w work$/m.exec(tool('nm', of)) ?? [];
  const [, offset = '0', address = '0'] =
    /^ *LOAD +(0x\w+) +(0x\w+).* R E /m.exec(tool('readelf', '-lW', of)) ?? [];
  const base = 0x5500000000n;
  const builder = new ProfileBuilder({ sampleTypes: [{ type: 'samples', unit: 'count' }] });
  const start = base + BigInt(address);
  const mapping = builder.mapping({
    start,
    limit: start + 0x10000n,
    offset: BigInt(offset),
    filename,
    buildId,
  });
  const at = base + BigInt(`0x${symbol}`) + 1n;
  builder.sample([builder.location({ mapping, address: at, lines: [] })], [1]);
  writeFileSync(join(scratch, 'p.pb'), encodeProfile(builder.build()));
}

/** The place that the sample is told by, and what was said. */
async function told(path = ''): Promise<{ readonly place: string; readonly said: string }> {
  const env = { ...goldenEnv(scratch), HOME: join(scratch, 'nobody'), PPROF_BINARY_PATH: path };
  const { stdout, stderr } = await runInProcess(['-raw', 'p.pb'], { cwd: scratch, env });
  const [, place = ''] = /M=1 (\S+ \S+) s=0/.exec(stdout.toString()) ?? [];
  return { place: place.replace(/^(\S+) .*\/(\w+\.c:\d+).*$/, '$1 $2'), said: stderr.toString() };
}

describe('builds', { skip: withoutTools }, () => {
  before(() => {
    build('shop', 3, '-Wl,--build-id');
    build('other', 7, '-Wl,--build-id');
    build('plain', 5, '-Wl,--build-id=none');
  });

  test('what was stripped is found beside the binary by its link, where it is of the same build', async () => {
    profileOf('shop', 'shop');
    assert.equal((await told()).place, 'work shop.c:3');
    for (const name of ['shop', 'plain']) {
      profileOf(name, `${name}.bare`);
      assert.equal((await told()).place, name === 'shop' ? 'work shop.c:3' : 'work shop.c:5');
    }
    // Of another build, by id and by checksum.
    mkdirSync(join(scratch, 'wrong'), { recursive: true });
    copyFileSync(join(scratch, 'other.debug'), join(scratch, 'wrong/shop.debug'));
    writeFileSync(
      join(scratch, 'wrong/plain.debug'),
      Buffer.concat([readFileSync(join(scratch, 'plain.debug')), Buffer.alloc(1)]),
    );
    for (const name of ['shop', 'plain']) {
      copyFileSync(join(scratch, `${name}.bare`), join(scratch, `wrong/${name}.bare`));
      profileOf(name, `wrong/${name}.bare`);
      const { place, said } = await told();
      assert.equal(place, '');
      assert.match(said, /names 0 of 1 locations/);
    }
  });

  test('and by its build id, in the folders of PPROF_BINARY_PATH', async () => {
    const id = buildIdOf('shop');
    assert.match(id, /^[0-9a-f]{40}$/);
    mkdirSync(join(scratch, 'alone'), { recursive: true });
    copyFileSync(join(scratch, 'shop.bare'), join(scratch, 'alone/shop'));
    profileOf('shop', 'alone/shop');
    assert.equal((await told()).place, '');
    for (const folder of ['ids/.build-id', 'llvm']) {
      mkdirSync(join(scratch, folder, id.slice(0, 2)), { recursive: true });
      copyFileSync(
        join(scratch, 'shop.debug'),
        join(scratch, folder, id.slice(0, 2), `${id.slice(2)}.debug`),
      );
      assert.equal((await told(folder.split('/')[0])).place, 'work shop.c:3', folder);
    }
    // The binary itself is gone: what was stripped from it is all that there is.
    profileOf('shop', '/gone/shop', id);
    assert.equal((await told('llvm')).place, 'work shop.c:3');
  });

  test('a binary on PPROF_BINARY_PATH is taken where it is of the build of the profile', async () => {
    const [id, other] = [buildIdOf('shop'), buildIdOf('other')];
    mkdirSync(join(scratch, 'bin', id), { recursive: true });
    copyFileSync(join(scratch, 'shop'), join(scratch, 'bin', id, 'shop'));
    profileOf('shop', '/gone/shop', id);
    assert.deepEqual(await told('bin'), { place: 'work shop.c:3', said: '' });
    copyFileSync(join(scratch, 'other'), join(scratch, 'bin', id, 'shop'));
    const { place, said } = await told('bin');
    assert.equal(place, '');
    assert.match(
      said,
      new RegExp(`^Ignoring local file bin/${id}/shop: build-id mismatch \\(${id} != ${other}\\)$`, 'm'),
    );
    // One that lies where the profile says has the names of its own build, as pprof gives them: it is said.
    profileOf('other', 'other', id);
    assert.deepEqual(await told(), {
      place: 'work shop.c:7',
      said: `other (build ID ${id}): other is of another build, ${other}: its names may be wrong\n`,
    });
  });

  test('bytes of heads, notes and links that are changed are another build, none, or the reason', () => {
    const whole = readFileSync(join(scratch, 'shop.bare'));
    const sections = Number(whole.readBigUInt64LE(40));
    const places = [0, sections, whole.indexOf('GNU\0') - 12, whole.indexOf('shop.debug')];
    assert.ok(places.every((place) => place >= 0));
    fc.assert(
      fc.property(
        fc.constantFrom(...places),
        fc.array(fc.tuple(fc.nat(64 * 30), fc.nat(255)), { minLength: 1, maxLength: 6 }),
        fc.option(fc.nat(whole.length)),
        (from, changes, cut) => {
          const bytes = Buffer.from(whole.subarray(0, cut ?? whole.length));
          for (const [offset, value] of changes)
            if (from + offset < bytes.length) bytes[from + offset] = value;
          try {
            const elf = new ElfFile((offset, length) => bytes.subarray(offset, offset + length));
            assert.match(elf.buildId, /^[0-9a-f]*$/);
            assert.ok(elf.debugLink === null || elf.debugLink.name.length < 65_536);
          } catch (error) {
            assert.ok(error instanceof BinaryError, String(error));
          }
        },
      ),
      { numRuns: 500 },
    );
  });

  test('split DWARF: names and lines are there', async () => {
    build('split', 9, '-gsplit-dwarf');
    profileOf('split', 'split');
    assert.equal((await told()).place, 'work shop.c:9');
  });
});
