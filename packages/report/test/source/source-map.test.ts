// Source maps: which one a script names, and listings that show TypeScript where the profile names JavaScript.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { encodeText, ProfileBuilder } from '@stackpile/profile';
import { defaultOptions } from '../../src/options.ts';
import type { ReportContext } from '../../src/context.ts';
import { runReport } from '../../src/report.ts';
import { withOriginals } from '../../src/source/original.ts';
import { sourceMapUrl } from '../../src/source/script-map.ts';

test('the last comment counts', () => {
  assert.equal(sourceMapUrl('x\n//# sourceMappingURL=a.map\n//# sourceMappingURL=b.js.map\n'), 'b.js.map');
  assert.equal(sourceMapUrl('//@ sourceMappingURL=a.map'), 'a.map');
  assert.equal(sourceMapUrl('const sourceMappingURL=1'), undefined);
});

describe('list', () => {
  const script = 'function tick() {\n  work();\n}\nfunction work() {}\n';
  const typescript = Array.from({ length: 12 }, (_, i) => `line ${i + 1} of cron.ts`).join('\n');
  const map = {
    version: 3,
    sources: ['../src/cron.ts'],
    // Lines 1, 2 and 3 of the script are lines 5, 7 and 9 of the original.
    mappings: 'AAIA;EAEE;AAEF',
  };
  function profile(filename: string): ReturnType<ProfileBuilder['build']> {
    const builder = new ProfileBuilder({ sampleTypes: [{ type: 'cpu', unit: 'nanoseconds' }] });
    const tick = builder.function('tick', filename, 1, 'tick');
    builder.sample([builder.location({ lines: [{ function: tick, line: 2, column: 3 }] })], [10_000_000]);
    return builder.build();
  }
  function listed(filename: string, disk: Record<string, string>, warnings: readonly string[] = []): string {
    const context: ReportContext = {
      sources: {
        binaryProblem: (path) => `open ${path}: unrecognized object file`,
        workingDirectory: '/app',
        read: (path) => {
          const text = disk[path];
          return text === undefined ? { error: 'no such file or directory' } : { bytes: encodeText(text) };
        },
      },
    };
    const options = { ...defaultOptions(), source_path: '', trim_path: '' };
    const shown = withOriginals(profile(filename), context, options, () => true);
    assert.deepEqual(shown.warnings, warnings);
    const output = runReport(shown.profile, { kind: 'list', pattern: 'tick' }, options, shown.context);
    assert.ok(output.type === 'text');
    return [...output.chunks].join('');
  }
  const expected = [
    'Total: 10ms',
    'ROUTINE ======================== tick in /app/src/cron.ts',
    '      10ms       10ms (flat, cum)   100% of Total',
    '         .          .      5:line 5 of cron.ts',
    '         .          .      6:line 6 of cron.ts',
    '      10ms       10ms      7:line 7 of cron.ts',
  ].join('\n');

  test('a map beside the script, the original on disk', () => {
    const text = listed('/app/dist/cron.js', {
      '/app/dist/cron.js': `${script}//# sourceMappingURL=cron.js.map\n`,
      '/app/dist/cron.js.map': JSON.stringify(map),
      '/app/src/cron.ts': typescript,
    });
    assert.equal(text.slice(0, expected.length), expected);
  });
  test('a file URL, a map inside the script, the original inside the map', () => {
    const inline = Buffer.from(JSON.stringify({ ...map, sourcesContent: [typescript] })).toString('base64');
    const text = listed('file:///app/dist/cron.js', {
      '/app/dist/cron.js': `${script}//# sourceMappingURL=data:application/json;base64,${inline}\n`,
    });
    assert.equal(text.slice(0, expected.length), expected);
  });
  test('a script without a map is shown itself', () => {
    const text = listed('file:///app/dist/cron.js', { '/app/dist/cron.js': script });
    assert.match(text, /^ {6}10ms {7}10ms {6}2: {2}work\(\);$/m);
  });
  test('a map that is of no use changes nothing, and is told', () => {
    const problems: [string, string][] = [
      ['cut.map', 'its source map /app/dist/cut.map is damaged'],
      ['gone.map', 'its source map /app/dist/gone.map: no such file or directory'],
      [
        'https://cdn.example/cron.js.map',
        'its source map is not fetched from https://cdn.example/cron.js.map',
      ],
      ['data:application/json,nonsense', 'the source map inside of it is damaged'],
    ];
    for (const [url, problem] of problems) {
      const text = listed(
        '/app/dist/cron.js',
        {
          '/app/dist/cron.js': `${script}//# sourceMappingURL=${url}\n`,
          '/app/dist/cut.map': '{"version":3,"sources":["x"],"mapp',
        },
        [`/app/dist/cron.js is shown as it runs: ${problem}`],
      );
      assert.match(text, /work\(\);/);
    }
  });
});
