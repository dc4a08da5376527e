// What is printed where nothing can be redrawn.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Paint } from '../../src/leaks/terminal.ts';
import { countLine, PlainView } from '../../src/watch/plain.ts';
import type { Told } from '../../src/watch/told.ts';
import type { Panel } from '../../src/watch/view.ts';
import { toldOf } from './told-cases.ts';

const paint: Paint = (_, text) => text;
const telling = { paint, columns: Number.POSITIVE_INFINITY, cwd: '/app', code: () => undefined };

/** A verdict that convicts `name` of a share of everything that is there. */
function leak(name: string, share: number): Told {
  const told = toldOf(8, (k) => 1 + 20 * k, { name, steady: Math.round((141 * (1 - share)) / share) });
  assert.equal(told.kind, 'leak', `${name} ${share}`);
  return told;
}

function panel(told: Told | null, why = ''): Panel {
  return { name: 'http://h:1', told, state: why === '' ? { kind: 'watching' } : { kind: 'failing', why } };
}

test('a line every 10 s, and the verdict when it is new, when it has changed, and when it is another', () => {
  const view = new PlainView('', telling);
  const at = (seconds: number, told: Told): [number, string | undefined] => {
    const lines = view.lines(panel(told), seconds * 1000);
    const counts = lines.filter((line) => /^ *\d+:\d\d .* tasks/u.test(line)).length;
    return [counts, lines.find((line) => line.startsWith('LEAK'))?.split(/ +/u)[1]];
  };
  const calm = toldOf(3, () => 5);
  assert.deepEqual(at(0, calm), [1, undefined]);
  assert.deepEqual(at(2, calm), [0, undefined]);
  // Named as soon as it is known, not only with the next line.
  assert.deepEqual(at(4, leak('leaks', 0.57)), [1, 'leaks']);
  assert.deepEqual(at(6, leak('leaks', 0.9)), [0, undefined]);
  assert.deepEqual(at(14, leak('leaks', 0.9)), [1, 'leaks']);
  assert.deepEqual(at(24, leak('leaks', 0.93)), [1, undefined]);
  assert.deepEqual(at(26, leak('other', 0.93)), [1, 'other']);
});

test('the line of counts', () => {
  const told = toldOf(8, (k) => 1 + 20 * k);
  assert.equal(countLine(told, 64_400, telling), ' 1:04    145 tasks   +240/min  ▁▂▃▄▅▆▇█');
});

test('a failure is said once, and that it is over; several services are told apart', () => {
  const view = new PlainView('http://h:1', telling);
  assert.deepEqual(view.lines(panel(null, 'it is\u001b[31m gone'), 0), ['http://h:1: it is\\x1b[31m gone']);
  assert.deepEqual(view.lines(panel(null, 'it is\u001b[31m gone'), 5000), []);
  assert.deepEqual(view.lines(panel(null), 9000), ['http://h:1:  0:09  it answers again']);
});
