// A terminal gets what fits it, in grey what is chance, and nothing that it would obey.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { decodeText } from '@stackpile/profile';
import stringWidth from 'string-width';
import type { CliIo, Writer } from '../../src/io.ts';
import { runPprof } from '../../src/pprof/run.ts';
import { encodeRaw, type RawLabel, type RawProfile } from './raw-profile.ts';

const ESC = '\u001b';

/** A profile of one function per name, each called as often as `counts` says. */
function profile(
  names: readonly string[],
  counts: readonly number[],
  more: Partial<RawProfile> & { readonly label?: RawLabel } = {},
): Uint8Array {
  return encodeRaw({
    idStep: 1,
    sampleTypes: [['cpu', 'nanoseconds']],
    samples: names.map((_, i) => ({
      stack: [i],
      values: [10_000_000n * BigInt(counts[i] as number)],
      labels: more.label === undefined ? [] : [more.label],
    })),
    mappings: [{ start: 1n, limit: 0x100n, offset: 0n, file: '/bin/shop', buildId: '', flags: 15 }],
    locations: names.map((_, i) => ({
      mapping: 0,
      address: BigInt(i + 1),
      folded: false,
      lines: [{ function: i, line: 3, column: 0 }],
    })),
    functions: names.map((name) => ({ name, systemName: name, file: `/src/${ESC}[31mx.go`, startLine: 1 })),
    dropFrames: '',
    keepFrames: '',
    time: 0n,
    duration: 0n,
    periodType: ['cpu', 'nanoseconds'],
    period: 10_000_000n,
    comments: [],
    defaultType: '',
    docUrl: '',
    ...more,
  });
}

/** Every text of a profile, each with something that a terminal would obey. */
function hostile(): Uint8Array {
  const names = [
    `${ESC}]0;owned\u0007main.a`,
    `${ESC}[2Jmain.b`,
    'main.c\rfake',
    'main.d\u009b31m',
    'main.e\u202e',
    'a\nb',
  ];
  return profile(names, [1, 2, 3, 4, 5, 6], {
    sampleTypes: [[`cpu${ESC}[31m`, `w${ESC}[32m`]],
    comments: [`note${ESC}]0;owned\u0007`],
    docUrl: `http://h/${ESC}[31m`,
    mappings: [
      { start: 1n, limit: 0x100n, offset: 0n, file: `/bin/sh${ESC}[5mop`, buildId: `b${ESC}c`, flags: 0 },
    ],
    label: { key: `k${ESC}[31m`, text: `v${ESC}[32m\u0007` },
  });
}

describe('on a terminal', () => {
  let folder = '';
  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'stackpile-terminal-'));
    writeFileSync(join(folder, 'hostile.pb'), hostile());
    writeFileSync(join(folder, 'before.pb'), profile(['main.same', 'main.grows'], [100, 100]));
    writeFileSync(join(folder, 'after.pb'), profile(['main.same', 'main.grows'], [108, 400]));
    const long = 'example.com/a/very/long/import/path/of/somebody/package.(*Type).MethodOfTheLongest';
    writeFileSync(join(folder, 'long.pb'), profile([long], [3]));
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  async function shown(
    args: readonly string[],
    options: { env?: Record<string, string>; stdin?: boolean; columns?: number } = {},
  ): Promise<{ stdout: string; stderr: string }> {
    const texts = { stdout: '', stderr: '' };
    const writer = (name: 'stdout' | 'stderr'): Writer => ({
      write: (chunk) => {
        texts[name] += typeof chunk === 'string' ? chunk : decodeText(chunk);
      },
      columns: options.columns ?? 80,
    });
    const io: CliIo = {
      stdin: (async function* () {})(),
      stdout: writer('stdout'),
      stderr: writer('stderr'),
      env: { TERM: 'xterm', TZ: 'UTC', HOME: folder, ...options.env },
      cwd: folder,
      isTTY: { stdin: options.stdin ?? true, stdout: true, stderr: true },
      now: () => 0,
      sleep: async () => undefined,
      run: async () => ({ kind: 'missing', message: 'there is no program' }),
    };
    await runPprof([...args], io);
    return texts;
  }

  const reports = [
    '-top',
    '-text',
    '-tree',
    '-traces',
    '-tags',
    '-raw',
    '-comments',
    '-dot',
    '-peek=main',
    '-list=main',
  ];
  for (const report of [...reports, '-disasm=main', '-markdown', '-json', '-folded']) {
    test(`${report} of hostile names`, async () => {
      for (const stdin of [true, false]) {
        const { stdout, stderr } = await shown([report, 'hostile.pb'], { stdin });
        assert.doesNotMatch(stdout, /[^\P{Cc}\n\t]|\u202e/u, `stdin ${stdin}`);
        // The command's own red is all there may be.
        assert.doesNotMatch(stderr.replaceAll(/\u001b\[0(?:;31)?m/g, ''), /[^\P{Cc}\n\t]/u);
      }
    });
  }
  test('what is wrong with a file is said with the byte, behind the words of pprof', async () => {
    const whole = profile(['main.same'], [100]);
    writeFileSync(join(folder, 'cut.pb'), whole.subarray(0, whole.length - 5));
    const { stderr } = await shown(['-top', 'cut.pb']);
    assert.match(stderr, /cut\.pb: parsing profile: unrecognized profile format\ntruncated at byte \d+: /u);
  });
  test('several profiles side by side', async () => {
    const { stdout } = await shown(['-top', '-compare', 'hostile.pb', 'hostile.pb']);
    assert.match(stdout, /main\.a/);
    assert.doesNotMatch(stdout, /[^\P{Cc}\n\t]/u);
  });
  test('names are cut in the middle so that lines fit', async () => {
    for (const report of ['-top', '-tree']) {
      const { stdout } = await shown([report, 'long.pb'], { columns: 90 });
      const line = stdout.split('\n').find((one) => one.includes('Longest')) ?? '';
      assert.match(line, /….*Longest$/);
      assert.equal([...line].length, 90, report);
    }
    for (const character of ['漢', '✅', 'é']) {
      writeFileSync(join(folder, 'wide.pb'), profile([`main.${character.repeat(90)}`], [100]));
      const { stdout } = await shown(['-top', 'wide.pb'], { columns: 90 });
      const line = stdout.split('\n').find((one) => one.includes('…')) ?? '';
      assert.ok([89, 90].includes(stringWidth(line)), `${stringWidth(line)}: ${line}`);
    }
    const { stdout } = await shown(['-top', '-compare', 'long.pb', 'long.pb'], { columns: 70 });
    assert.match(stdout, /^.{69}t$/m);
  });
  test('what of a difference is chance is grey, unless colours are not wanted', async () => {
    const args = ['-top', '-diff_base=before.pb', 'after.pb'];
    const { stdout } = await shown(args);
    assert.match(stdout, /^\u001b\[90m.*main\.same\u001b\[39m$/m);
    assert.match(stdout, /^ .*main\.grows$/m);
    assert.doesNotMatch((await shown(args, { env: { NO_COLOR: '1' } })).stdout, /\u001b/);
    assert.doesNotMatch((await shown(args, { env: { TERM: 'dumb' } })).stdout, /\u001b/);
  });
});
