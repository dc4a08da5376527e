// The verdict in a terminal: widths, colours, hostile text.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { stripVTControlCharacters } from 'node:util';
import { findLeaks, type Verdict } from '@stackpile/leaks';
import { ProfileBuilder } from '@stackpile/profile';
import { parseDuration } from '../../src/leaks/command-line.ts';
import { renderVerdict } from '../../src/leaks/render.ts';
import { columnsOf, elide, elidePath, paintFor, visible, widthOf, wrap } from '../../src/leaks/terminal.ts';
import type { CliIo } from '../../src/io.ts';

function verdictOf(name: string, file: string, createdBy?: string): Verdict {
  return findLeaks(
    [0, 1, 2, 3, 4, 5].map((k) => {
      const builder = new ProfileBuilder({ sampleTypes: [{ type: 'goroutine', unit: 'count' }] });
      builder.sample(
        [builder.location({ lines: [{ function: builder.function(name, file), line: 7 }] })],
        [5 + 40 * k],
        createdBy === undefined ? [] : [{ key: 'created_by', text: createdBy }],
      );
      return { profile: builder.build(), time: 1_700_000_000_000 + k * 10_000 };
    }),
  );
}

const plain = {
  paint: (_: unknown, text: string) => text,
  all: false,
  several: false,
  base: null,
  files: ['a.pb.gz'],
};

describe('rendering', () => {
  for (const columns of [40, 60, 80, 120]) {
    test(`no line is wider than ${columns} columns but the ones that are to be copied`, () => {
      const verdict = verdictOf(
        'example.com/a/very/long/import/path.(*Receiver).MethodWithALongName.func1',
        '/srv/app/src/deep/down/file.go',
      );
      const lines = renderVerdict(verdict, { ...plain, columns, base: 'http://127.0.0.1:6060/debug/pprof/' });
      for (const line of lines) {
        if (/https?:|\/srv\/app|Receiver/u.test(line) && !line.includes('→')) continue;
        assert.ok(widthOf(line) <= Math.max(40, columns), `${widthOf(line)}: ${line}`);
      }
      assert.ok(lines.some((line) => line.includes('/srv/app/src/deep/down/file.go:7')));
    });
  }

  test('colours change nothing but colours', () => {
    const verdict = verdictOf('main.x', 'main.go');
    const paint = paintFor({
      env: { FORCE_COLOR: '1' },
      isTTY: { stdin: false, stdout: false, stderr: false },
    } as unknown as CliIo);
    const colored = renderVerdict(verdict, { ...plain, columns: 80, paint });
    assert.ok(colored.some((line) => line.includes('\u001b[')));
    assert.deepEqual(
      colored.map(stripVTControlCharacters),
      renderVerdict(verdict, { ...plain, columns: 80 }),
    );
  });

  test('colours are for terminals whose user wants them', () => {
    const painted = (env: Record<string, string>, stdout: boolean): boolean =>
      paintFor({ env, isTTY: { stdin: true, stdout, stderr: true } } as unknown as CliIo)('red', 'x') !== 'x';
    assert.equal(painted({}, true), true);
    assert.equal(painted({}, false), false);
    assert.equal(painted({ NO_COLOR: '1' }, true), false);
    assert.equal(painted({ TERM: 'dumb' }, true), false);
    assert.equal(painted({ FORCE_COLOR: '1' }, false), true);
  });

  test('commands to copy are quoted for the shell', () => {
    const lines = renderVerdict(verdictOf("main.it's", 'main.go'), {
      ...plain,
      columns: 80,
      files: ['my dump.pb.gz'],
    }).join('\n');
    assert.match(lines, /'my dump\.pb\.gz'/u);
    assert.ok(lines.includes(String.raw`'main\.it'\''s'`), lines);
  });
});

describe('text', () => {
  test('what moves, hides or reverses is made visible', () => {
    assert.equal(visible('a\u001b[31mb'), String.raw`a\x1b[31mb`);
    assert.equal(visible('a\u202eb\u200bc\ufeffd'), String.raw`a\u{202e}b\u{200b}c\u{feff}d`);
    assert.equal(visible('line\nline\rx\ty'), String.raw`line\x0aline\x0dx\x09y`);
    assert.equal(visible('\udcff'), String.raw`\xff`);
    assert.equal(visible('grün 漢字 🙂 x'), 'grün 漢字 🙂 x');
    assert.equal(visible('x'.repeat(500)).length, 401);
  });

  test('widths, wrapping and eliding', () => {
    assert.equal(widthOf('漢字a'), 5);
    assert.equal(widthOf('\u001b[1mab\u001b[22m'), 2);
    assert.equal(widthOf('✅⌚🇩🇪'), 6);
    assert.equal(widthOf('กำ'), 2);
    assert.deepEqual(wrap('aa bb cc', 5), ['aa bb', 'cc']);
    assert.deepEqual(wrap('aaaaaaaa b', 4), ['aaaaaaaa', 'b']);
    assert.equal(elide('abcdefghij', 6), 'ab…hij');
    assert.equal(widthOf(elide('漢'.repeat(40), 20)) <= 20, true);
  });
});

describe('small readers', () => {
  test('durations', () => {
    assert.equal(parseDuration('--every', '500ms', 0), 500);
    assert.equal(parseDuration('--every', '1m30s', 0), 90_000);
    assert.equal(parseDuration('--every', '2', 0), 2000);
    for (const text of ['', 's', '5 s', '-5s', '1e3', '5x', 'Infinity', '1s2']) {
      assert.throws(() => parseDuration('--every', text, 0), /--every/u, text);
    }
  });
});

describe('file and line', () => {
  test('stay whole: the folder is cut', () => {
    assert.equal(elidePath('/srv/app/src/file.ts:12', 40), '/srv/app/src/file.ts:12');
    assert.equal(elidePath('/srv/app/src/file.ts:12', 18), '…/src/file.ts:12');
    assert.equal(elidePath('/srv/app/src/file.ts:12', 15), '…/file.ts:12');
    assert.equal(elidePath('/srv/app/src/file.ts:12', 10), 'file.ts:12');
    assert.equal(elidePath(String.raw`C:\srv\app\file.ts:12`, 14), '…/file.ts:12');
    assert.ok(elidePath(`/srv/${'long'.repeat(20)}.ts:12`, 20).endsWith('long.ts:12'));
  });

  for (const columns of [60, 80, 120]) {
    test(`of whoever started tasks, without a name of its own, are told once at ${columns} columns`, () => {
      const place = '/home/service/releases/2026-11-29/src/cron.js:10';
      const name = 'callback of setInterval at module top level (cron.js:10)';
      const verdict = verdictOf('receive', '/srv/node_modules/broker/index.js', `${name} ${place}`);
      const { culprit } = verdict.findings[0] ?? {};
      assert.deepEqual([culprit?.name, culprit?.file, culprit?.line], [name, place.slice(0, -3), 10]);
      const line =
        renderVerdict(verdict, { ...plain, columns }).find((one) => one.includes('started by callback')) ??
        '';
      assert.ok(widthOf(line) <= columns, line);
      assert.equal(line.split('cron.js:10').length, 2, line);
    });
  }

  for (const columns of [80, 100]) {
    test(`of every frame of a stack at ${columns} columns`, () => {
      const folder = '/home/service/releases/2026-11-29/node_modules/some-package/lib/deep/down';
      const files = ['subscription-of-new-tasks.ts', 'a.ts', 'worker.ts'];
      const verdict = findLeaks(
        [0, 1, 2, 3, 4, 5].map((k) => {
          const builder = new ProfileBuilder({ sampleTypes: [{ type: 'goroutine', unit: 'count' }] });
          const frame = (file: string) =>
            builder.location({
              lines: [
                {
                  function: builder.function('AVeryLongNameOfAFunction'.repeat(3), `${folder}/${file}`),
                  line: 12345,
                },
              ],
            });
          builder.sample(files.map(frame), [5 + 40 * k]);
          return { profile: builder.build(), time: 1_700_000_000_000 + k * 10_000 };
        }),
      );
      const lines = renderVerdict(verdict, { ...plain, columns });
      for (const file of files) {
        const drawn = lines.filter((line) => line.includes('AVery') && line.includes(`/${file}:12345`));
        assert.equal(drawn.length, 1, lines.join('\n'));
        assert.ok(widthOf(drawn[0] ?? '') <= columns, drawn[0]);
      }
    });
  }

  test('a terminal that says that it is 0 columns wide is one that says nothing', () => {
    assert.equal(columnsOf({ write: () => undefined, columns: 0 }, 80), 80);
    assert.equal(columnsOf({ write: () => undefined }, 80), 80);
    assert.equal(columnsOf({ write: () => undefined, columns: 50 }, 80), 50);
  });
});
