// Lines of binaries of C and C++, by their DWARF of every version: as `go tool pprof` has them, and calls that were inlined as addr2line.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { decodeProfile, encodeProfile, type Profile, ProfileBuilder } from '@stackpile/profile';
import fc from 'fast-check';
import { gunzipSync } from 'node:zlib';
import { unlessCi } from '../../../../testing/ci.ts';
import { ElfFile } from '../../src/binaries/elf.ts';
import { BinaryError } from '../../src/binaries/error.ts';
import { binaryNames, lookUp } from '../../src/binaries/names.ts';
import { realPprof, runReal } from './differential.ts';
import { goldenEnv, runInProcess } from './golden.ts';

const scratch = mkdtempSync(join(tmpdir(), 'stackpile-dwarf-'));
after(() => rmSync(scratch, { recursive: true, force: true }));

const missing = ['gcc', 'g++', 'addr2line', 'objdump', 'readelf', 'dwp'].filter(
  (program) => spawnSync(program, ['--version']).status !== 0,
);
const withoutTools = unlessCi(missing.length > 0 && `not installed: ${missing.join(', ')}`);

const header = `static inline __attribute__((always_inline)) int twice(int n) {
  volatile int two = 2;
  return n * two;
}
`;
const inC = `#include <stdio.h>
#include "twice.h"
static int leaf(int n) {
  int sum = 0;
  for (int i = 0; i < n; i++) sum += twice(i) ^ (sum >> 1);
  return sum;
}
static inline __attribute__((always_inline)) int middle(int n) {
  return leaf(n) + 1;
}
__attribute__((noinline)) int outer(int n) {
  return middle(n) + middle(n / 2);
}
int main(int argc, char **argv) {
  printf("%d\\n", outer(argc * 1000));
  return 0;
}
`;
const inCpp = `#include "twice.h"
namespace shop {
struct Order {
  int lines;
  int price(int seed) const;
};
static inline __attribute__((always_inline)) int add(int a, int b) { return twice(a) * 31 + b; }
__attribute__((noinline)) int Order::price(int seed) const {
  int sum = seed;
  for (int i = 0; i < lines; i++) sum = add(sum, i);
  return sum;
}
template <class T> __attribute__((noinline)) T total(const T &all) { return twice(all.lines), all; }
}
int main(int argc, char **) {
  shop::Order order{argc * 1000};
  return order.price(3) + shop::total(order).lines;
}
`;

/** Binaries, with what they are compiled by. */
const kinds: Readonly<Record<string, readonly string[]>> = {
  dwarf5: ['gcc', 'a.c', '-gdwarf-5', '-O2'],
  'dwarf4-packed': ['gcc', 'a.c', '-gdwarf-4', '-O2', '-gz=zlib', '-ffunction-sections'],
  'dwarf3-fixed': ['gcc', 'a.c', '-gdwarf-3', '-O1', '-no-pie'],
  'dwarf2-plain': ['gcc', 'a.c', '-gdwarf-2', '-gstrict-dwarf', '-O0'],
  cpp5: ['g++', 'a.cc', '-gdwarf-5', '-O2'],
  cpp4: ['g++', 'a.cc', '-gdwarf-4', '-O1', '-ffunction-sections'],
};

/** Kinds of split DWARF. */
const splitKinds: Readonly<Record<string, readonly string[]>> = {
  c5: ['gcc', 'a.c', '-gdwarf-5', '-O2'],
  c4: ['gcc', 'a.c', '-gdwarf-4', '-O2', '-ffunction-sections'],
  cpp5: ['g++', 'a.cc', '-gdwarf-5', '-O2', '-fdebug-types-section'],
  cpp4: ['g++', 'a.cc', '-gdwarf-4', '-O2'],
};

function elfOf(bytes: Uint8Array): ElfFile {
  return new ElfFile((offset, length) =>
    bytes.subarray(Math.min(offset, bytes.length), Math.min(offset + length, bytes.length)),
  );
}

/** Addresses of all instructions in the program's own code. */
function instructions(kind: string): bigint[] {
  const { stdout } = spawnSync('objdump', ['-d', '-j', '.text', join(scratch, kind)], { encoding: 'utf8' });
  return [...stdout.matchAll(/^ *([0-9a-f]+):\t/gm)].map(([, at = '0']) => BigInt(`0x${at}`));
}

/** What addr2line says of addresses: of each call its function and line, innermost first. */
function byAddr2line(kind: string, addresses: readonly bigint[]): Map<bigint, string[]> {
  const { stdout } = spawnSync('addr2line', ['-a', '-i', '-f', '-e', join(scratch, kind)], {
    encoding: 'utf8',
    input: addresses.map((address) => address.toString(16)).join('\n'),
  });
  const said = new Map<bigint, string[]>();
  let calls: string[] = [];
  const lines = stdout.trimEnd().split('\n');
  for (let i = 0; i < lines.length; i++) {
    const line = lines[i] ?? '';
    if (line.startsWith('0x')) said.set(BigInt(line), (calls = []));
    else calls.push(`${line} ${(lines[++i] ?? '').replace(/ \(discriminator \d+\)$/, '')}`);
  }
  return said;
}

/** A profile with a sample at each address of a process that had `kind` at `base`, its code mapped as the kernel maps it. */
function profileAt(kind: string, base: bigint, addresses: readonly bigint[]): Uint8Array {
  const builder = new ProfileBuilder({ sampleTypes: [{ type: 'samples', unit: 'count' }] });
  const { stdout } = spawnSync('readelf', ['-lW', join(scratch, kind)], { encoding: 'utf8' });
  const [, at = '0', address = '0'] = /^ *LOAD +(0x\w+) +(0x\w+).* R E /m.exec(stdout) ?? [];
  const start = base + BigInt(address);
  const mapping = builder.mapping({ start, limit: start + 0x100000n, offset: BigInt(at), filename: kind });
  for (const address of addresses)
    builder.sample([builder.location({ mapping, address: address + base, lines: [] })], [1]);
  return encodeProfile(builder.build());
}

/** Of each location, by address: its functions, files and lines. */
function placesOf({ locations, functions, strings }: Profile): Map<bigint, string[]> {
  return new Map(
    Array.from({ length: locations.length }, (_, i) => {
      const places: string[] = [];
      for (let line = locations.lineStart[i] ?? 0; line < (locations.lineStart[i + 1] ?? 0); line++) {
        const row = locations.lines.function[line] ?? 0;
        const [name, file] = [functions.name[row], functions.filename[row]].map((at) => strings.get(at ?? 0));
        places.push(`${name} ${file}:${locations.lines.line[line]}`);
      }
      return [locations.address[i] ?? 0n, places];
    }),
  );
}

describe('DWARF', { skip: withoutTools }, () => {
  before(() => {
    writeFileSync(join(scratch, 'twice.h'), header);
    writeFileSync(join(scratch, 'a.c'), inC);
    writeFileSync(join(scratch, 'a.cc'), inCpp);
    for (const [kind, [compiler = '', ...flags]] of Object.entries(kinds)) {
      const made = spawnSync(compiler, [...flags, '-o', kind], { cwd: scratch, encoding: 'utf8' });
      assert.equal(made.status, 0, made.stderr);
    }
  });
  for (const kind of Object.keys(kinds)) {
    test(`${kind}: inlined calls, with functions and lines, are those of addr2line`, () => {
      const addresses = instructions(kind);
      const { names, linesProblem } = lookUp(
        elfOf(readFileSync(join(scratch, kind))),
        { start: 0n, offset: 0n },
        addresses,
        true,
      );
      assert.equal(linesProblem, null);
      let compared = 0;
      let inlined = 0;
      let between = 0;
      for (const [address, wanted] of byAddr2line(kind, addresses)) {
        // Of what the C library brings along it knows names without lines.
        if (wanted.some((one) => one.endsWith('?') || one.endsWith(':0'))) continue;
        const found = (names.get(address) ?? []).map(({ name, file, line }) => `${name} ${file}:${line}`);
        // Some versions of it call what was inlined into a C++ function as that function.
        if (wanted.length > 1 && wanted[0]?.startsWith('_Z') === true)
          wanted[0] = `${found[0]?.split(' ')[0]} ${wanted[0].split(' ')[1]}`;
        // It goes on with the symbol in front where none reaches.
        if (found.length === 0 && wanted.length === 1) {
          between++;
          continue;
        }
        assert.deepEqual(found, wanted, address.toString(16));
        compared++;
        if (wanted.length > 1) inlined++;
      }
      assert.ok(compared > 20 && between * 10 < compared, `${compared}, ${between}`);
      assert.ok(inlined > 0 || kind === 'dwarf2-plain', `${inlined}`);
    });
  }
  for (const kind of Object.keys(kinds)) {
    test(`${kind}: where go tool pprof finds a function, name, file and line are its own`, async () => {
      const binary = realPprof();
      assert.ok(binary !== undefined);
      const base = kind === 'dwarf3-fixed' ? 0n : 0x5500000000n;
      const addresses = instructions(kind).filter((_, i) => i % 3 === 0);
      writeFileSync(join(scratch, `${kind}.pb`), profileAt(kind, base, addresses));
      const args = ['-proto', `${kind}.pb`];
      const options = { cwd: scratch, env: goldenEnv(scratch), stdin: '' };
      const [real, ours] = await Promise.all([runReal(binary, args, options), runInProcess(args, options)]);
      const found = placesOf(decodeProfile(gunzipSync(ours.stdout)));
      let compared = 0;
      for (const [address, wanted] of placesOf(decodeProfile(gunzipSync(real.stdout)))) {
        if (wanted.length === 0) continue;
        const [name = '', place] = (wanted[0] ?? '').split(' ');
        const known = found.get(address) ?? [];
        // pprof leaves functions without a name that are declared elsewhere than where they are defined.
        if (name !== '') assert.deepEqual(known, wanted, address.toString(16));
        else if (known.length > 0) assert.match(known[0] ?? '', /^\S/);
        if (known.length > 0) assert.equal(known[0]?.split(' ').at(-1), place);
        if (known.length > 0) compared++;
      }
      assert.ok(compared > 5, `${compared}`);
    });
  }
  for (const [kind, [compiler = '', ...flags]] of Object.entries(splitKinds)) {
    const namesIn = (binary: string, addresses: readonly bigint[]): Map<bigint, string[]> => {
      const found = binaryNames(join(scratch, binary), { start: 0n, offset: 0n }, addresses, true);
      assert.ok('names' in found);
      assert.equal(found.linesProblem, null);
      assert.equal(found.lacking, '');
      return new Map(
        [...found.names].map(([at, calls]) => [
          at,
          calls.map((one) => `${one.name} ${one.file}:${one.line}`),
        ]),
      );
    };
    test(`${kind}: what split DWARF keeps in files of its own is what it would keep in the program`, () => {
      const folder = join(scratch, `split-${kind}`);
      mkdirSync(folder);
      for (const [name, ...more] of [
        ['whole', '-gno-split-dwarf'],
        ['split', '-gsplit-dwarf'],
      ]) {
        const all = [...flags, ...more, '-o', join(folder, name ?? '')];
        const made = spawnSync(compiler, all, { cwd: scratch, encoding: 'utf8' });
        assert.equal(made.status, 0, made.stderr);
      }
      const addresses = instructions(`split-${kind}/whole`);
      const wanted = namesIn(`split-${kind}/whole`, addresses);
      assert.ok([...wanted.values()].filter((calls) => calls.length > 1).length > 3);
      assert.deepEqual(instructions(`split-${kind}/split`), addresses);
      assert.deepEqual(namesIn(`split-${kind}/split`, addresses), wanted);
      // One file for all of them, and none.
      // That of binutils knows version 4 alone, and ends by a signal otherwise.
      const packed = kind.endsWith('4')
        ? spawnSync('dwp', ['-e', 'split'], { cwd: folder, encoding: 'utf8' })
        : { status: 1 };
      if (kind.endsWith('4')) assert.equal(packed.status, 0, 'dwp');
      const lonely = readdirSync(folder).filter((name) => name.endsWith('.dwo'));
      assert.ok(lonely.length > 0);
      for (const name of lonely) renameSync(join(folder, name), join(folder, `${name}.away`));
      if (packed.status === 0) assert.deepEqual(namesIn(`split-${kind}/split`, addresses), wanted);
      rmSync(join(folder, 'split.dwp'), { force: true });
      const without = binaryNames(join(folder, 'split'), { start: 0n, offset: 0n }, addresses, true);
      assert.ok('names' in without);
      assert.match(without.lacking, /\.dwo$/);
      for (const [at, calls] of without.names) {
        // Lines stay, of the function that was compiled.
        const [innermost = ''] = wanted.get(at) ?? [];
        const place = `${calls[0]?.file}:${calls[0]?.line}`;
        if (calls[0]?.file !== '') assert.equal(place, innermost.split(' ').at(-1), at.toString(16));
      }
      const away = join(folder, 'away');
      mkdirSync(away);
      for (const name of lonely) renameSync(join(folder, `${name}.away`), join(away, name));
      const found = binaryNames(join(folder, 'split'), { start: 0n, offset: 0n }, addresses, true, [away]);
      assert.ok('names' in found && found.lacking === '');
    });
  }
  test('-symbolize=inlines: inlined calls are frames, names of C++ whole', async () => {
    const [address = 0n] =
      [...byAddr2line('cpp5', instructions('cpp5'))].find(
        ([, calls]) => calls.length === 3 && calls[0]?.startsWith('_Z') !== true,
      ) ?? [];
    writeFileSync(join(scratch, 'one.pb'), profileAt('cpp5', 0x5500000000n, [address]));
    const top = async (...flags: string[]): Promise<string[]> => {
      const args = [...flags, '-traces', 'one.pb'];
      const { stdout } = await runInProcess(args, { cwd: scratch, env: goldenEnv(scratch) });
      return [...stdout.toString().matchAll(/^ +(?:1 +)?([a-z].*)$/gm)].map(([, name = '']) => name);
    };
    assert.deepEqual(await top(), ['price']);
    assert.deepEqual(await top('-symbolize=inlines'), [
      'twice (inline)',
      'add (inline)',
      'shop::Order::price',
    ]);
  });
  test('bytes of .dwo files and of packages that are changed are fewer names, or the reason', () => {
    const folder = join(scratch, 'damaged');
    mkdirSync(folder);
    const made = spawnSync('gcc', ['a.c', '-gdwarf-4', '-O2', '-gsplit-dwarf', '-o', join(folder, 'split')], {
      cwd: scratch,
    });
    assert.equal(made.status, 0);
    assert.equal(spawnSync('dwp', ['-e', 'split'], { cwd: folder }).status, 0);
    const addresses = instructions('damaged/split').filter((_, i) => i % 7 === 0);
    const [lonely = ''] = readdirSync(folder).filter((name) => name.endsWith('.dwo'));
    const packed = readFileSync(join(folder, 'split.dwp'));
    const names = (): number => {
      const found = binaryNames(join(folder, 'split'), { start: 0n, offset: 0n }, addresses, true);
      assert.ok('names' in found);
      if (found.linesProblem !== null) assert.match(found.linesProblem, /^its DWARF /);
      return found.names.size;
    };
    for (const target of ['split.dwp', lonely]) {
      const path = join(folder, target);
      const whole = readFileSync(path);
      fc.assert(
        fc.property(
          fc.array(fc.tuple(fc.nat(), fc.nat(255)), { minLength: 1, maxLength: 8 }),
          fc.nat(),
          (changes, cut) => {
            const bytes = Buffer.from(cut % 4 === 0 ? whole.subarray(0, cut % whole.length) : whole);
            for (const [at, value] of changes) if (bytes.length > 0) bytes[at % bytes.length] = value;
            writeFileSync(path, bytes);
            assert.ok(names() > 0);
          },
        ),
        { numRuns: 150 },
      );
      rmSync(join(folder, 'split.dwp'), { force: true });
    }
    writeFileSync(join(folder, 'split.dwp'), packed);
    assert.ok(names() > 0);
  });
  test('bytes of DWARF that are changed are fewer names, or the reason', () => {
    const whole = readFileSync(join(scratch, 'cpp5'));
    const { stdout } = spawnSync('readelf', ['-SW', join(scratch, 'cpp5')], { encoding: 'utf8' });
    const sections = [...stdout.matchAll(/\.debug_\w+ +PROGBITS +\w+ +(\w+) +(\w+)/g)].map(([, at, size]) =>
      [at, size].map((one) => Number.parseInt(one ?? '', 16)),
    );
    assert.ok(sections.length > 4);
    const addresses = instructions('cpp5').filter((_, i) => i % 7 === 0);
    fc.assert(
      fc.property(
        fc.constantFrom(...sections),
        fc.array(fc.tuple(fc.nat(), fc.nat(255)), { minLength: 1, maxLength: 4 }),
        fc.boolean(),
        ([at = 0, size = 1], changes, inlined) => {
          const bytes = Buffer.from(whole);
          for (const [offset, value] of changes) bytes[at + (offset % size)] = value;
          try {
            const { linesProblem } = lookUp(elfOf(bytes), { start: 0n, offset: 0n }, addresses, inlined);
            if (linesProblem !== null) assert.match(linesProblem, /^its (?:DWARF|packed sections|sections) /);
          } catch (error) {
            assert.ok(error instanceof BinaryError, String(error));
          }
        },
      ),
      { numRuns: 400 },
    );
  });
});
