// Source maps: decoding, and listings that show TypeScript where the profile names JavaScript.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { encodeText, ProfileBuilder } from '@stackpile/profile';
import fc from 'fast-check';
import { defaultOptions } from '../../src/options.ts';
import type { ReportContext } from '../../src/context.ts';
import { runReport } from '../../src/report.ts';
import { withOriginals } from '../../src/source/original.ts';
import { parseSourceMap, sourceMapUrl } from '../../src/source/source-map.ts';

const base64 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';
function vlq(value: number): string {
  let rest = value < 0 ? -value * 2 + 1 : value * 2;
  let text = '';
  do {
    const digit = rest % 32;
    rest = Math.floor(rest / 32);
    text += base64.charAt(rest > 0 ? digit + 32 : digit);
  } while (rest > 0);
  return text;
}

type Mapping = readonly [
  line: number,
  column: number,
  source: number,
  originalLine: number,
  originalColumn: number,
];

/** Mappings in order of line and column, as `mappings` writes them. */
function encodeMappings(mappings: readonly Mapping[]): string {
  let text = '';
  let line = 0;
  let before = [0, 0, 0, 0];
  let first = true;
  for (const [toLine, ...fields] of mappings) {
    for (; line < toLine; line++) {
      text += ';';
      before = [0, ...before.slice(1)];
      first = true;
    }
    text += (first ? '' : ',') + fields.map((value, i) => vlq(value - (before[i] as number))).join('');
    before = fields;
    first = false;
  }
  return text;
}

describe('parseSourceMap', () => {
  test('every mapping comes back', () => {
    const row = fc.tuple(fc.nat(30), fc.nat(500), fc.nat(2), fc.nat(100_000), fc.nat(300));
    const rows = fc.uniqueArray(row, { selector: ([line, column]) => line * 1000 + column, maxLength: 60 });
    fc.assert(
      fc.property(rows, (given) => {
        const sorted = [...given].sort((a, b) => a[0] - b[0] || a[1] - b[1]);
        const json = JSON.stringify({
          version: 3,
          sources: ['a', 'b', 'c'],
          mappings: encodeMappings(sorted),
        });
        const map = parseSourceMap(json);
        for (const [line, column, source, originalLine, originalColumn] of sorted) {
          assert.deepEqual(map?.original(line, column), {
            source,
            line: originalLine,
            column: originalColumn,
          });
        }
      }),
    );
  });
  test('a column between two mappings belongs to the first, an unknown one to the line', () => {
    const mappings = encodeMappings([
      [0, 4, 0, 10, 0],
      [0, 20, 0, 11, 2],
    ]);
    const map = parseSourceMap(
      `)]}'\n${JSON.stringify({ version: 3, sourceRoot: 'src', sources: ['a.ts'], mappings })}`,
    );
    assert.deepEqual(map?.sources, ['src/a.ts']);
    assert.equal(map?.original(0, 19)?.line, 10);
    assert.equal(map?.original(0, 99)?.line, 11);
    assert.equal(map?.original(0, undefined)?.line, 10);
    assert.equal(map?.original(1, 0), undefined);
  });
  test('sections', () => {
    const part = (source: string): object => ({
      version: 3,
      sources: [source],
      mappings: encodeMappings([[0, 0, 0, 5, 0]]),
    });
    const sections = [
      { offset: { line: 0, column: 0 }, map: part('a') },
      { offset: { line: 7, column: 3 }, map: part('b') },
    ];
    const map = parseSourceMap(JSON.stringify({ version: 3, sections }));
    assert.deepEqual(map?.original(7, 3), { source: 1, line: 5, column: 0 });
  });
  test('what is no map is none, and never throws', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.json()), fc.string(), (json, mappings) => {
        parseSourceMap(json);
        parseSourceMap(JSON.stringify({ version: 3, sources: ['a'], mappings }))?.original(0, 0);
      }),
    );
    assert.equal(parseSourceMap('null'), undefined);
  });
});

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
    mappings: encodeMappings([
      [0, 0, 0, 4, 0],
      [1, 2, 0, 6, 2],
      [2, 0, 0, 8, 0],
    ]),
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
