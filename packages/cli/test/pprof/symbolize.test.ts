// What `-symbolize` and the search for binaries do and say.
import assert from 'node:assert/strict';
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { encodeProfile, ProfileBuilder } from '@stackpile/profile';
import { openBinary } from '../../src/pprof/binary.ts';
import { parseSymbolize } from '../../src/pprof/symbolize.ts';
import { runCommand } from './golden.ts';

describe('parseSymbolize', () => {
  const parse = (text: string): { plan: ReturnType<typeof parseSymbolize>; warnings: string[] } => {
    const warnings: string[] = [];
    return { plan: parseSymbolize(text, (line) => warnings.push(line)), warnings };
  };
  test('words in any case, in any order', () => {
    assert.equal(parse('local:NONE').plan, undefined);
    assert.deepEqual(parse('').plan, {
      local: true,
      remote: true,
      force: false,
      inlined: false,
      demangle: 'default',
    });
    assert.deepEqual(parse('FastLocal').plan, {
      local: true,
      remote: false,
      force: false,
      inlined: false,
      demangle: 'default',
    });
    assert.deepEqual(parse('remote:force').plan, {
      local: false,
      remote: true,
      force: true,
      inlined: false,
      demangle: 'default',
    });
    assert.deepEqual(parse('demangle=templates').plan, {
      local: true,
      remote: true,
      force: true,
      inlined: false,
      demangle: 'templates',
    });
    assert.deepEqual(parse('demangle=default').plan?.force, false);
    assert.deepEqual(parse('local:inlines').plan?.inlined, true);
  });
  test('unknown words are named', () => {
    const { plan, warnings } = parse('bogus:local');
    assert.equal(plan?.remote, false);
    assert.deepEqual(warnings[0], 'ignoring unrecognized symbolization option: bogus:local');
    assert.equal(warnings.length, 2);
  });
});

describe('binaries', () => {
  let folder = '';
  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'stackpile-symbolize-'));
    const write = (
      name: string,
      mapping: { filename: string; buildId?: string; flags?: number },
      named: boolean,
    ): void => {
      const builder = new ProfileBuilder({ sampleTypes: [{ type: 'cpu', unit: 'nanoseconds' }] });
      const row = builder.mapping({ start: 0x1000n, limit: 0x9000n, ...mapping });
      const lines = named
        ? [{ function: builder.function('_ZN4shop4workEi', '/a.cc', 1, '_ZN4shop4workEi'), line: 1 }]
        : [];
      builder.sample([builder.location({ mapping: row, address: 0x1234n, lines })], [1]);
      writeFileSync(join(folder, name), encodeProfile(builder.build()));
    };
    write('bare.pb', { filename: '/srv/app/shop' }, false);
    write('built.pb', { filename: '/srv/app/shop', buildId: 'abcdef' }, false);
    write('named.pb', { filename: '/srv/app/shop', flags: 15 }, true);
    mkdirSync(join(folder, 'bin', 'abcdef'), { recursive: true });
    // A running Node is a binary of its system, whichever that is.
    copyFileSync(process.execPath, join(folder, 'bin', 'shop'));
    copyFileSync(process.execPath, join(folder, 'bin', 'abcdef', 'shop'));
  });
  after(() => rmSync(folder, { recursive: true, force: true }));
  const run = (args: readonly string[], path = ''): ReturnType<typeof runCommand> =>
    runCommand(args, {
      cwd: folder,
      env: { TERM: 'dumb', TZ: 'UTC', HOME: folder, PPROF_BINARY_PATH: path },
    });

  test('a binary that is not there', async () => {
    const { stderr } = await run(['-raw', 'bare.pb']);
    assert.equal(
      stderr.toString(),
      'Local symbolization failed for shop: open /srv/app/shop: no such file or directory\n' +
        'Some binary filenames not available. Symbolization may be incomplete.\n' +
        'Try setting PPROF_BINARY_PATH to the search path for local binaries.\n',
    );
  });
  test('one that is found gives the mapping its path, and what stays without names is said', async () => {
    const { stdout, stderr } = await run(['-raw', 'bare.pb'], 'bin');
    assert.match(stdout.toString(), /^1: 0x1000\/0x9000\/0x0 bin\/shop {2}$/m);
    assert.match(
      stderr.toString(),
      /^Local symbolization failed for shop: it names 0 of 1 locations, the others stay addresses\n/,
    );
  });
  test('one for another build is left alone', async () => {
    const { stdout, stderr } = await run(['-raw', 'built.pb'], 'bin');
    const lines = stderr
      .toString()
      .split('\n')
      .filter((line) => line.startsWith('Ignoring'));
    // Not every system's Node has a build id.
    const mismatch = /build-id mismatch \(abcdef != [0-9a-f]*\)$/;
    assert.deepEqual(
      lines.map((line) => line.replace(mismatch, 'another build')),
      ['abcdef/shop', 'abcdef/shop', 'shop'].map((name) => `Ignoring local file bin/${name}: another build`),
    );
    assert.match(stdout.toString(), /\/srv\/app\/shop abcdef/);
  });
  test('a binary and a build id on the command line', async () => {
    const { stdout } = await run(['-raw', '-buildid=cafe', 'bin/shop', 'named.pb']);
    assert.match(stdout.toString(), /^1: 0x1000\/0x9000\/0x0 bin\/shop cafe \[FN\]\[FL\]\[LN\]\[IN\]$/m);
    const { stdout: kept } = await run(['-raw', '-buildid=cafe', 'built.pb']);
    assert.match(kept.toString(), /abcdef/);
  });
  test('which files count as binaries', () => {
    const kind = (name: string, bytes?: Uint8Array): string => {
      if (bytes !== undefined) writeFileSync(join(folder, name), bytes);
      const opened = openBinary(folder, name);
      return 'kind' in opened ? opened.kind : opened.problem;
    };
    const elf = Buffer.concat([Buffer.from('\x7fELF\x02\x01\x01', 'latin1'), Buffer.alloc(80)]);
    assert.equal(kind('elf', elf), 'executable');
    assert.equal(kind('cut', elf.subarray(0, 40)), 'open cut: unrecognized object file');
    assert.equal(kind('text', Buffer.alloc(200, 'x')), 'open text: unrecognized object file');
    assert.equal(kind('gone'), 'open gone: no such file or directory');
    assert.equal(kind(''), 'open : no such file or directory');
    assert.equal(kind('bin'), 'open bin: unrecognized object file');
    // A CPU profile of the oldest kind has the header of a COFF object for no machine.
    const words = [0, 3, 0, 10_000, 0, 1, 1, 0x401000];
    const old = Buffer.alloc(200);
    for (const [i, word] of words.entries()) old.writeUInt32LE(word, i * 4);
    assert.equal(kind('old.prof', old), 'bare-coff');
    assert.equal(kind('short.prof', old.subarray(0, 90)), 'open short.prof: unrecognized object file');
    old.writeUInt16LE(4, 16);
    assert.equal(kind('odd.prof', old), 'open odd.prof: unrecognized object file');
  });
  test('a mapping named after the root folder', async () => {
    const builder = new ProfileBuilder({ sampleTypes: [{ type: 'cpu', unit: 'nanoseconds' }] });
    const mapping = builder.mapping({ start: 1n, limit: 9n, filename: '/' });
    builder.sample([builder.location({ mapping, address: 2n, lines: [] })], [1]);
    writeFileSync(join(folder, 'root.pb'), encodeProfile(builder.build()));
    const { stderr } = await run(['-raw', 'root.pb']);
    assert.match(
      stderr.toString(),
      /^Local symbolization failed for \/: open \/: unrecognized object file\n/,
    );
    const listing = await run(['-disasm=.', '-symbolize=none', 'root.pb']);
    assert.equal(listing.stdout.toString(), 'open /: unrecognized object file\n');
  });
  test('names in each mode', async () => {
    const name = async (...flags: string[]): Promise<string> =>
      /^ {5}1: 0x1234 M=1 (.*) \/a\.cc:1:0/m.exec(
        (await run(['-raw', ...flags, 'named.pb'])).stdout.toString(),
      )?.[1] ?? '';
    assert.equal(await name(), 'shop::work');
    assert.equal(await name('-symbolize=demangle=full'), 'shop::work(int)');
    assert.equal(await name('-symbolize=demangle=none'), '_ZN4shop4workEi');
    assert.equal(await name('-symbolize=none'), '_ZN4shop4workEi');
  });
});
