// The picture: it fits every terminal, says what matters first, and nothing in it is obeyed.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { stripVTControlCharacters } from 'node:util';
import stringWidth from 'string-width';
import type { Paint } from '../../src/leaks/terminal.ts';
import { verdictLines } from '../../src/watch/verdict-lines.ts';
import { clock, cut, frame, type Panel, type Scene, sparkline } from '../../src/watch/view.ts';
import { toldOf } from './told-cases.ts';

const plain: Paint = (_, text) => text;
const red: Paint = (_, text) => `\u001b[31m${text}\u001b[39m`;

function panel(name: string, more: Partial<Panel> = {}): Panel {
  return { name, state: { kind: 'watching' }, told: toldOf(12, (k) => 1 + 20 * k), ...more };
}

function draw(
  panels: readonly Panel[],
  columns: number,
  rows: number,
  more: Partial<Scene> = {},
  paint = plain,
): string[] {
  const scene: Scene = {
    header: [],
    panels,
    selected: 0,
    elapsed: 64_400,
    note: '',
    keys: 'c capture  o page  r report  q quit',
    ...more,
  };
  return frame(scene, rows, { paint, columns, cwd: '/app', code: () => undefined });
}

test('a sparkline goes from the least to the most of what it draws, small moves stay flat, gaps are gaps', () => {
  assert.equal(sparkline([0, 4, 8], 8), '▁▄█');
  assert.equal(sparkline([100, 101, 100], 8), '███');
  assert.equal(sparkline([1, 2, 3, 4], 2), '▁█');
  assert.equal(sparkline([1, null, 1], 8), '█ █');
  assert.equal(sparkline([0, 0], 8), '▁▁');
  assert.equal(sparkline([], 2), '');
  assert.equal(sparkline([5], 0), '');
});

test('clocks', () => {
  assert.deepEqual([0, 64_400, 3_600_000, 90_061_000].map(clock), ['0:00', '1:04', '1:00:00', '25:01:01']);
});

test('a long line is cut to the terminal, its colours closed; a wide character is not halved', () => {
  const line = cut(`ab${red('red', 'cdef')}gh`, 5);
  assert.equal(stripVTControlCharacters(line), 'abcd…');
  assert.ok(line.endsWith('\u001b[0m'));
  assert.equal(cut('short', 5), 'short');
  assert.equal(cut('漢漢漢', 4), '漢…');
});

describe('on a terminal', () => {
  test('of 80 columns and 24 rows: every counter, the verdict, its place, and the keys', () => {
    const lines = draw([panel('http://127.0.0.1:6060')], 80, 24);
    assert.equal(lines.length, 24);
    const text = lines.join('\n');
    assert.match(
      text,
      /^http:\/\/127\.0\.0\.1:6060 {2}12 looks\n\n tasks +225 +[▁-█]{12} +\+240\/min {2}grows/u,
    );
    assert.match(text, /^ open files +250 .* full in \d+ (?:s|min)$/mu);
    assert.match(text, /^ resident memory +182 MB .* % used$/mu);
    assert.match(text, /^LEAK {2}subscribe {2}src\/subscribe\.ts:24$/mu);
    assert.match(text, /^ {8}subscribe {2}src\/subscribe\.ts:24\n {8}tick {2}src\/cron\.ts:9$/mu);
    assert.match(lines[23] ?? '', /^ {2}1:04 {2}c capture {2}o page {2}r report {2}q quit$/u);
  });

  test('of 200 columns two services stand side by side, limits in numbers', () => {
    const quiet = panel('http://127.0.0.1:6061', { told: toldOf(12, () => 1) });
    const lines = draw([panel('http://127.0.0.1:6060'), quiet], 200, 60, { selected: 1 });
    assert.equal(lines.length, 60);
    assert.match(lines[0] ?? '', /^http:\/\/127\.0\.0\.1:6060 .* {3}http:\/\/127\.0\.0\.1:6061 /u);
    assert.match(lines.join('\n'), /LEAK {2}subscribe .*NO(?: LEAK|T SURE YET)/u);
    assert.match(lines[59] ?? '', /Tab next service$/u);
  });

  test('of any size nothing is wider or longer than it, whoever is watched', () => {
    const hostile = `\u001b[2J\u001b]0;owned\u0007\u202e${'漢'.repeat(50)}`;
    const evil = toldOf(12, (k) => 1 + 20 * k, {
      name: `${hostile}${'x'.repeat(10_000)}`,
      file: `/app/${hostile}.ts`,
    });
    const panels = [
      panel(hostile, { told: evil, state: { kind: 'failing', why: hostile.repeat(9) } }),
      panel('שלום', { told: toldOf(12, (k) => 1 + 20 * k, { name: 'مرحبا.'.repeat(40) }) }),
      panel('new', { told: null, state: { kind: 'opening' } }),
      panel('x'.repeat(10_000), { told: toldOf(2, () => 1), state: { kind: 'ended', why: 'it ended' } }),
    ];
    for (const [columns, rows] of [
      [80, 24],
      [200, 60],
      [40, 10],
      [20, 5],
      [10, 3],
      [1, 1],
      [300, 8],
    ] as const)
      for (let count = 1; count <= panels.length; count++)
        for (const note of ['', hostile.repeat(20)]) {
          const lines = draw(panels.slice(0, count), columns, rows, { note, selected: count - 1 }, red);
          assert.ok(lines.length <= rows, `${lines.length} of ${rows} rows`);
          for (const line of lines) {
            assert.ok(stringWidth(line) <= columns, `${columns}: ${JSON.stringify(line)}`);
            assert.doesNotMatch(line.replaceAll(/\u001b\[\d+m/gu, ''), /[\p{Cc}\u202e]/u);
          }
        }
  });

  test('without colours there is not one escape sequence', () => {
    assert.doesNotMatch(draw([panel('one'.repeat(99)), panel('two')], 30, 20).join('\n'), /\u001b/u);
    assert.doesNotMatch(draw([panel('one'), panel('two')], 200, 60).join('\n'), /\u001b/u);
  });

  test('with little room the counters that grow are told, and the verdict’s first line', () => {
    const text = draw([panel('one'), panel('two'), panel('three')], 80, 24).join('\n');
    assert.equal(text.match(/^LEAK {2}subscribe/gmu)?.length, 3);
    assert.equal(text.match(/^ tasks /gmu)?.length, 3);
  });

  test('what does not fit is reached by selecting it', () => {
    const panels = Array.from({ length: 9 }, (_, i) => panel(`service-${i}`));
    assert.doesNotMatch(draw(panels, 80, 24).join('\n'), /service-8/u);
    assert.match(draw(panels, 80, 24, { selected: 8 }).join('\n'), /^service-8 /mu);
  });

  test('a service that does not answer says why, and keeps what was last seen', () => {
    const text = draw(
      [panel('one', { state: { kind: 'failing', why: 'one: nothing listens there' } })],
      80,
      24,
    ).join('\n');
    assert.match(
      text,
      /^one {2}does not answer; this is what the last of 12 looks saw\n one: nothing listens there\n/u,
    );
    assert.match(text, /^LEAK/mu);
  });
});

test('a verdict is told with the line of code, when it is too early, and when nothing grows', () => {
  const telling = { paint: plain, columns: 80, cwd: '/app', code: () => 'for await (const one of never)' };
  assert.deepEqual(verdictLines(null, telling), ['too early to say: 0 of at least 5 looks so far']);
  assert.deepEqual(
    verdictLines(
      toldOf(3, () => 1),
      telling,
    ),
    ['too early to say: 3 of at least 5 looks so far'],
  );
  const [leak, code, facts] = verdictLines(
    toldOf(12, (k) => 1 + 20 * k),
    telling,
  );
  assert.equal(leak, 'LEAK  subscribe  src/subscribe.ts:24');
  assert.equal(code, '      24 | for await (const one of never)');
  assert.match(facts ?? '', /^ {6}221 tasks, 98 % of all, \+240\/min, \d+ % sure$/u);
  assert.equal(
    verdictLines(
      toldOf(12, () => 1),
      telling,
    )[0],
    'NO LEAK',
  );
});
