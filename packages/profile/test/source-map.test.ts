// Source maps: what a map says, whether it belongs to the text at hand, and what can be known without one.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import {
  dataUrlText,
  findInMappings,
  findOriginals,
  keptLines,
  looksCompiled,
  mapBelongs,
  originalQuery as query,
  readSourceMap,
  type SourceMapText,
} from '../src/index.ts';

function map(file: object): SourceMapText {
  const read = readSourceMap(JSON.stringify(file));
  assert.ok(read !== null);
  return read;
}

/** A number as the `mappings` of a map write it. */
function vlq(value: number): string {
  const digits = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';
  let rest = value < 0 ? -value * 2 + 1 : value * 2;
  let text = '';
  do {
    const digit = rest % 32;
    rest = Math.floor(rest / 32);
    text += digits.charAt(rest > 0 ? digit + 32 : digit);
  } while (rest > 0);
  return text;
}

type Mapping = readonly [line: number, column: number, source: number, line: number, column: number];

/** Mappings in order of line and column, as `mappings` writes them. */
function encodeMappings(mappings: readonly Mapping[]): string {
  const lines: string[][] = [];
  let before = [0, 0, 0, 0];
  for (const [line, ...fields] of mappings) {
    while (lines.length <= line) {
      lines.push([]);
      before = [0, ...before.slice(1)];
    }
    lines[line]?.push(fields.map((value, i) => vlq(value - (before[i] as number))).join(''));
    before = fields;
  }
  return lines.map((line) => line.join(',')).join(';');
}

describe('places in a map', () => {
  test('every mapping comes back, in whatever order they are asked for', () => {
    const row = fc.tuple(fc.nat(30), fc.nat(500), fc.nat(2), fc.nat(100_000), fc.nat(300));
    const rows = fc.uniqueArray(row, { selector: ([line, column]) => line * 1000 + column, maxLength: 60 });
    fc.assert(
      fc.property(rows, (given) => {
        const sorted = [...given].sort((a, b) => a[0] - b[0] || a[1] - b[1]);
        const read = map({ version: 3, sources: ['a', 'b', 'c'], mappings: encodeMappings(sorted) });
        const queries = given.map(([line, column]) => query(line, column));
        findOriginals(read, queries);
        assert.deepEqual(
          queries.map((one) => [one.line, one.column, one.source, one.sourceLine, one.sourceColumn]),
          given,
        );
      }),
    );
  });

  // Line 0: columns 4 → line 0 and 8 → line 1 of source 0; line 1: nothing; line 2: column 2 → line 5.
  const mappings = 'IAAA,IACA;;EAIA';

  test('a place takes the segment before it, else the first one after it, on its own line only', () => {
    const at = (line: number, column: number): readonly [number, number] => {
      const wanted = query(line, column);
      findInMappings(mappings, [wanted]);
      return [wanted.source, wanted.sourceLine];
    };
    assert.deepEqual(
      [at(0, 0), at(0, 5), at(0, 8), at(0, 99)],
      [
        [0, 0],
        [0, 0],
        [0, 1],
        [0, 1],
      ],
    ); // prettier-ignore
    assert.equal(at(1, 0)[0], -1);
    assert.deepEqual(
      [at(2, 0), at(2, 50)],
      [
        [0, 5],
        [0, 5],
      ],
    ); // prettier-ignore
  });

  test('a line by itself takes the first segment, and says how far the originals on it lie apart', () => {
    const wanted = [query(0, -1), query(0, 9), query(1, -1), query(2, -1)];
    findInMappings(mappings, wanted);
    assert.deepEqual(
      wanted.map(({ source, sourceLine, spread }) => [source, sourceLine, spread]),
      [
        [0, 0, 1],
        [0, 1, 0],
        [-1, 0, 0],
        [0, 5, 0],
      ], // prettier-ignore
    );
  });

  test('a map of sections is that of each from where it begins', () => {
    const sections = [
      { offset: { line: 0, column: 0 }, map: { sources: ['a.ts'], mappings: 'AAAA;AACA' } },
      { offset: { line: 2, column: 4 }, map: { sources: ['b.ts'], sourceRoot: 'src', mappings: 'AAGA' } },
    ];
    const read = map({ sections });
    const wanted = [query(2, 9), query(1, 0), query(0, 3), query(2, 1)];
    findOriginals(read, wanted);
    assert.deepEqual(
      wanted.map(({ source, sourceLine }) => [read.sources[source] ?? '', sourceLine]),
      [
        ['src/b.ts', 3],
        ['a.ts', 1],
        ['a.ts', 0],
        ['', 0],
      ], // prettier-ignore
    );
  });

  test('hostile maps end, and find nothing that is not there', () => {
    fc.assert(
      fc.property(fc.string(), fc.jsonValue(), (mappings, value) => {
        for (const file of [
          value,
          { sources: value, mappings },
          { sections: value },
          { sections: [value] },
        ]) {
          const read = readSourceMap(JSON.stringify(file));
          const wanted = [query(0, 0), query(3, 2), query(3, -1)];
          if (read === null) continue;
          findOriginals(read, wanted);
          for (const { source } of wanted) assert.ok(source < read.sources.length);
          mapBelongs(read, mappings, () => mappings);
        }
      }),
    );
    assert.equal(readSourceMap('{'), null);
  });
});

/** A text of a function per line, and the map that takes each line to the one `lines` further down. */
function lineByLine(lines: number, off = 0): { text: string; read: SourceMapText } {
  const names = Array.from({ length: lines }, (_, i) => `name${i}(value${i});`);
  const mappings = names.map((_, i) => (i === 0 && off === 1 ? 'AACA' : 'AACA')).join(';');
  const original = ['// types', ...names];
  const read = map({ sources: ['a.ts'], sourcesContent: [original.join('\n')], mappings });
  return { text: [...Array.from({ length: off }, () => '// wrapped'), ...names].join('\n'), read };
}

describe('whether a map belongs to a text', () => {
  const contentOf = (read: SourceMapText) => (source: number) => read.contents[source] ?? null;

  test('its words stand where it says', () => {
    const { text, read } = lineByLine(40);
    assert.equal(mapBelongs(read, text, contentOf(read)), true);
  });

  test('not when the text lies a line further down', () => {
    const { text, read } = lineByLine(40, 1);
    assert.equal(mapBelongs(read, text, contentOf(read)), false);
  });

  test('not when it tells of places behind the end, whatever its originals say', () => {
    const { read } = lineByLine(40);
    assert.equal(
      mapBelongs(read, 'name0(value0);', () => null),
      false,
    );
  });

  test('where nothing can be compared it is taken at its word', () => {
    const { text, read } = lineByLine(40);
    assert.equal(
      mapBelongs(read, text, () => null),
      true,
    );
  });
});

describe('lines without a map', () => {
  const written = [
    'interface Job {',
    '  name: string;',
    '}',
    'function work(job: Job): void {',
    '  use(job.name);',
    '}',
  ]; // prettier-ignore

  test('are kept where types are only blanked out', () => {
    const ran = ['               ', '', ' ', 'function work(job     )       {', '  use(job.name);', '}'];
    const kept = keptLines(ran.join('\n'), written.join('\n'));
    assert.ok(kept !== null);
    assert.deepEqual([...kept.slice(3)], [1, 1, 1]);
  });

  test('are not where types are cut out', () => {
    assert.equal(
      keptLines(['function work(job) {', '  use(job.name);', '}'].join('\n'), written.join('\n')),
      null,
    ); // prettier-ignore
  });

  test('one that says something else does not count, though the others do', () => {
    const code = ['function work() {', '  open();', '  use();', '  shut();', '}'];
    const ran = ['(async (exports) => { const shop = await load("shop");', '', '', ...code];
    const kept = keptLines(ran.join('\n'), ['import shop from "shop";', '', '', ...code].join('\n'));
    assert.deepEqual([kept?.[0], kept?.[3], kept?.[4]], [0, 1, 1]);
  });
});

test('what compilers and bundlers leave is told from what people write', () => {
  const compiled = [
    '"use strict";\nObject.defineProperty(exports, "__esModule", { value: true });\nexports.a = 1;',
    '// src/shop.ts\nvar shop = 1;\n',
    '// src/a.js\nvar a = 1;\n// src/b.js\nvar b = 2;\n',
    `var a=1;${'f(a);'.repeat(100)}\n`,
    '/******/ function __webpack_require__(id) {}\n',
  ];
  for (const text of compiled) assert.equal(looksCompiled(text), true, text.slice(0, 60));
  const people = [
    '// src/shop.js\nexport const shop = 1;\n',
    `// shop\n${'export const one = 1;\n'.repeat(50)}const data = "${'x'.repeat(600)}";\n`,
    '',
  ];
  for (const text of people) assert.equal(looksCompiled(text), false, text.slice(0, 60));
});

test('a URL may hold a map', () => {
  assert.equal(dataUrlText('data:application/json;base64,eyJhIjoiw7wifQ=='), '{"a":"ü"}');
  assert.equal(dataUrlText('data:application/json,%7B%7D'), '{}');
  assert.equal(dataUrlText('data:application/json;base64,*'), null);
  assert.equal(dataUrlText('a.map'), null);
});
