// Names out of real binaries: of Go's as `go tool pprof` reads them, byte for byte; of C's from their symbols; and what is said where
// there are none. Damaged binaries are one sentence.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { gunzipSync } from 'node:zlib';
import { decodeProfile, encodeProfile, type Profile, ProfileBuilder } from '@stackpile/profile';
import fc from 'fast-check';
import { unlessCi } from '../../../../testing/ci.ts';
import { ElfFile } from '../../src/binaries/elf.ts';
import { BinaryError } from '../../src/binaries/error.ts';
import { lookUp } from '../../src/binaries/names.ts';
import { realPprof, runReal } from './differential.ts';
import { buildProgram, withoutGo, writeProgram } from './go-program.ts';
import { goldenEnv, type Printed, runInProcess } from './golden.ts';

const scratch = mkdtempSync(join(tmpdir(), 'stackpile-binaries-'));
after(() => rmSync(scratch, { recursive: true, force: true }));

const run = (args: readonly string[], more: Record<string, string> = {}): Promise<Printed> =>
  runInProcess(args, { cwd: scratch, env: goldenEnv(scratch, more) });

/** The same samples without a name: addresses and mappings alone. */
function nameless(profile: Profile, change: (file: string) => string = (file) => file): Profile {
  const { samples, locations, mappings, strings } = profile;
  const builder = new ProfileBuilder({ sampleTypes: profile.sampleTypes });
  const rows = Array.from({ length: locations.length }, (_, i) => {
    const from = locations.mapping[i] ?? 0;
    const mapping = builder.mapping({
      start: mappings.start[from] ?? 0n,
      limit: mappings.limit[from] ?? 0n,
      offset: mappings.offset[from] ?? 0n,
      filename: change(strings.get(mappings.filename[from] ?? 0)),
    });
    return builder.location({ mapping, address: locations.address[i] ?? 0n, lines: [] });
  });
  for (let row = 0; row < samples.length; row++) {
    const stack = samples.stackLocations.slice(samples.stackStart[row], samples.stackStart[row + 1]);
    builder.sample(
      [...stack].map((location) => rows[location] ?? 0),
      samples.values.map((column) => column[row] ?? 0),
    );
  }
  return builder.build();
}

/** By address: the name of the function that was compiled there, the last of those that were inlined. */
function namesOf({ locations, functions, strings }: Profile): Map<bigint, string> {
  return new Map(
    Array.from({ length: locations.length }, (_, i) => {
      const last = (locations.lineStart[i + 1] ?? 0) - 1;
      return [
        locations.address[i] ?? 0n,
        last < (locations.lineStart[i] ?? 0)
          ? ''
          : strings.get(functions.name[locations.lines.function[last] ?? 0] ?? 0),
      ];
    }),
  );
}

describe('binaries of Go', { skip: withoutGo }, () => {
  const kinds: Readonly<Record<string, readonly string[]>> = {
    plain: [],
    stripped: ['-ldflags=-s -w'],
    'stripped pie': ['-buildmode=pie', '-ldflags=-s -w'],
  };
  before(() => {
    writeProgram(scratch);
    for (const [kind, flags] of Object.entries(kinds)) {
      buildProgram(scratch, kind, flags);
      const profile = decodeProfile(gunzipSync(readFileSync(join(scratch, `${kind}.pb.gz`))));
      writeFileSync(join(scratch, `${kind}.bare.pb`), encodeProfile(nameless(profile)));
    }
  });
  for (const kind of Object.keys(kinds)) {
    test(`${kind}: every report is pprof's, and names are those that the program itself knew`, async () => {
      const binary = realPprof();
      assert.ok(binary !== undefined);
      const file = `${kind}.bare.pb`;
      for (const flag of ['-raw', '-top', '-traces', '-list=Make', '-peek=Repeat', '-proto']) {
        const args = [flag, file];
        const options = { cwd: scratch, env: goldenEnv(scratch), stdin: '' };
        const [real, ours]: readonly [Printed, Printed] = await Promise.all([
          runReal(binary, args, options),
          run(args),
        ]);
        assert.equal(ours.stderr.toString(), real.stderr.toString(), flag);
        const shown = ({ stdout }: Printed): string =>
          (flag === '-proto' ? gunzipSync(stdout) : stdout).toString('latin1');
        assert.equal(shown(ours), shown(real), flag);
      }
      const named = decodeProfile(gunzipSync((await run(['-proto', file])).stdout));
      const known = decodeProfile(gunzipSync(readFileSync(join(scratch, `${kind}.pb.gz`))));
      assert.deepEqual(namesOf(named), namesOf(known));
    });
  }
  test('a binary in front of the profile, and one on PPROF_BINARY_PATH', async () => {
    const binary = realPprof();
    assert.ok(binary !== undefined);
    const profile = decodeProfile(gunzipSync(readFileSync(join(scratch, 'plain.pb.gz'))));
    writeFileSync(join(scratch, 'gone.pb'), encodeProfile(nameless(profile, () => '/gone/shop')));
    mkdirSync(join(scratch, 'binaries'), { recursive: true });
    copyFileSync(join(scratch, 'plain'), join(scratch, 'binaries/shop'));
    for (const [args, more] of [
      [['-top', 'plain', 'gone.pb'], {}],
      [['-top', 'gone.pb'], { PPROF_BINARY_PATH: 'binaries' }],
      [['-top', '-buildid=0123', 'gone.pb'], { PPROF_BINARY_PATH: 'binaries' }],
      [['-top', 'gone.pb'], {}],
      [['-top', '-symbolize=remote', 'plain.bare.pb'], {}],
      [['-top', '-symbolize=force', 'plain.pb.gz'], {}],
    ] as const) {
      const options = { cwd: scratch, env: goldenEnv(scratch, more), stdin: '' };
      const [real, ours]: readonly [Printed, Printed] = await Promise.all([
        runReal(binary, args, options),
        run(args, more),
      ]);
      // go tool pprof reads no build ids, and so cannot say that these names may be wrong.
      const said = ours.stderr
        .toString()
        .replace(/^shop \(build ID 0123\): binaries\/shop is of another build, [0-9a-f]+: .*\n/m, '');
      assert.equal(said, real.stderr.toString(), args.join(' '));
      assert.equal(ours.stdout.toString(), real.stdout.toString(), args.join(' '));
    }
  });

  describe('damage', () => {
    const mapped = { start: 0x400000n, offset: 0n };
    /** Looks a few addresses up in bytes. */
    const look = (bytes: Uint8Array): number => {
      const read = (offset: number, length: number): Uint8Array =>
        bytes.subarray(Math.min(offset, bytes.length), Math.min(offset + length, bytes.length));
      return lookUp(new ElfFile(read), mapped, [0x401000n, 0x402345n, 0x470000n, 0n, 2n ** 64n - 1n]).names
        .size;
    };
    test('a file that is cut short, or of which bytes are changed, is one sentence or fewer names', () => {
      const whole = readFileSync(join(scratch, 'stripped'));
      assert.ok(look(whole) > 0);
      const at = whole.indexOf(Buffer.from([0xf1, 0xff, 0xff, 0xff, 0, 0]));
      assert.ok(at > 0, 'the table of lines');
      const table = whole.readBigUInt64LE(40);
      fc.assert(
        fc.property(
          fc.constantFrom(0, 0, Number(table), at),
          fc.array(fc.tuple(fc.nat(600), fc.nat(255)), { minLength: 1, maxLength: 8 }),
          fc.option(fc.nat(whole.length)),
          (from, changes, cut) => {
            const bytes = Buffer.from(whole.subarray(0, cut ?? whole.length));
            for (const [offset, value] of changes)
              if (from + offset < bytes.length) bytes[from + offset] = value;
            try {
              look(bytes);
            } catch (error) {
              assert.ok(error instanceof BinaryError, String(error));
              assert.match(error.message, /^(?:it|its|one of its) [^\n]+$/);
            }
          },
        ),
        { numRuns: 300 },
      );
    });
  });
});

const withoutGcc = unlessCi(spawnSync('gcc', ['--version']).status !== 0 && 'gcc is not installed');

describe('binaries of C', { skip: withoutGcc }, () => {
  const source =
    'static int helper(int n) { return n * 3; }\nint work(int n) { return helper(n) + 1; }\nint main(int c, char **v) { return work(c); }\n';
  /** Addresses of symbols in the file. */
  const symbols = (binary: string): Map<string, bigint> =>
    new Map(
      spawnSync('nm', [join(scratch, binary)], { encoding: 'utf8' })
        .stdout.split('\n')
        .map((line) => line.split(' '))
        .map(([value = '', , name = '']) => [name, BigInt(`0x${value || '0'}`)]),
    );
  const bare = (
    name: string,
    file: string,
    start: bigint,
    offset: bigint,
    addresses: readonly bigint[],
  ): void => {
    const builder = new ProfileBuilder({ sampleTypes: [{ type: 'samples', unit: 'count' }] });
    const mapping = builder.mapping({ start, limit: start + 0x10000n, offset, filename: file });
    const stack = addresses.map((address) => builder.location({ mapping, address, lines: [] }));
    builder.sample(stack, [7]);
    writeFileSync(join(scratch, name), encodeProfile(builder.build()));
  };
  before(() => {
    writeFileSync(join(scratch, 'a.c'), source);
    for (const [name, ...flags] of [
      ['c-pie', '-pie', '-fPIE'],
      ['c-fixed', '-no-pie'],
      ['c-lines', '-pie', '-fPIE', '-g'],
      ['c-stripped', '-pie', '-fPIE', '-s'],
    ]) {
      const made = spawnSync('gcc', ['-O0', ...flags, '-o', name ?? '', 'a.c'], {
        cwd: scratch,
        encoding: 'utf8',
      });
      assert.equal(made.status, 0, made.stderr);
    }
  });
  const shown = async (file: string): Promise<{ names: string[]; stderr: string }> => {
    const { stdout, stderr } = await run(['-traces', file]);
    const names = [...stdout.toString().matchAll(/^ +(?:7 +)?([a-zA-Z_]\w*)/gm)].map((one) => one[1] ?? '');
    return { names, stderr: stderr.toString() };
  };
  for (const [name, base, start, offset] of [
    ['c-pie', 0x5500000000n, 0x5500000000n, 0n],
    // The code alone, as the kernel's list of mappings has it.
    ['c-pie', 0x5500000000n, 0x5500001000n, 0x1000n],
    ['c-fixed', 0n, 0x400000n, 0n],
    ['c-fixed', 0n, 0x401000n, 0x1000n],
    // Some profiles know no offset.
    ['c-fixed', 0n, 0x401000n, 0n],
  ] as const) {
    test(`${name}, mapped at 0x${start.toString(16)} from 0x${offset.toString(16)}: its symbols`, async () => {
      const of = symbols(name);
      const at = (symbol: string): bigint => base + (of.get(symbol) ?? 0n) + 4n;
      bare('c.pb', name, start, offset, [at('helper'), at('work'), at('main')]);
      const { names, stderr } = await shown('c.pb');
      assert.deepEqual(names.slice(-3), ['helper', 'work', 'main']);
      assert.equal(stderr, '');
    });
  }
  test('lines that cannot be read are said, with what may read them', async () => {
    const of = symbols('c-lines');
    const work = 0x5500000000n + (of.get('work') ?? 0n);
    bare('lines.pb', 'c-lines', 0x5500000000n, 0n, [work]);
    const whole = await shown('lines.pb');
    assert.deepEqual(whole, { names: ['work'], stderr: '' });
    // The version of the first unit is none.
    const bytes = readFileSync(join(scratch, 'c-lines'));
    const sections = spawnSync('readelf', ['-SW', join(scratch, 'c-lines')], { encoding: 'utf8' }).stdout;
    const at = Number.parseInt(/\.debug_info +PROGBITS +\w+ +(\w+)/.exec(sections)?.[1] ?? '', 16);
    bytes.writeUInt16LE(99, at + 4);
    writeFileSync(join(scratch, 'c-damaged'), bytes);
    bare('damaged.pb', 'c-damaged', 0x5500000000n, 0n, [work]);
    assert.deepEqual(await shown('damaged.pb'), {
      names: ['work'],
      stderr:
        'c-damaged: functions are told by its symbols, lines are not read: its DWARF is damaged; go tool pprof -proto c-damaged PROFILE > named.pb.gz may add them\n',
    });
  });
  test('what has no names stays addresses, and how many is said', async () => {
    bare('none.pb', 'c-stripped', 0x5500000000n, 0n, [0x5500001100n, 0x5500001200n]);
    assert.match(
      (await shown('none.pb')).stderr,
      /^Local symbolization failed for c-stripped: it names 0 of 2 locations, the others stay addresses\n$/,
    );
    writeFileSync(join(scratch, 'cut'), readFileSync(join(scratch, 'c-pie')).subarray(0, 9000));
    bare('cut.pb', 'cut', 0x5500000000n, 0n, [0x5500001100n]);
    assert.match(
      (await shown('cut.pb')).stderr,
      /^Local symbolization failed for cut: it is cut short, 1 locations stay addresses\n$/,
    );
  });
});
