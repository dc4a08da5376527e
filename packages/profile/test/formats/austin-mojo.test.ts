// austin's binary form: a real file against what austin's own reader says of it, every event of every version, and files that are cut.
import assert from 'node:assert/strict';
import test from 'node:test';
import type { Profile } from '../../src/index.ts';
import { stackLines } from '../support/stacks.ts';
import { fixtureBytes, read, readWithNotes, refused } from './support.ts';

/** A number as the format writes it. */
function number(value: number): number[] {
  let rest = Math.abs(value);
  const bytes = [(rest % 64) | (value < 0 ? 0x40 : 0)];
  for (rest = Math.floor(rest / 64); rest > 0; rest = Math.floor(rest / 128)) {
    bytes[bytes.length - 1] = (bytes.at(-1) ?? 0) | 0x80;
    bytes.push(rest % 128);
  }
  return bytes;
}

/** An event: numbers as they are written, texts with the 0 behind them. */
function event(kind: number, ...fields: readonly (number | string)[]): number[] {
  return [
    kind,
    ...fields.flatMap((one) =>
      typeof one === 'number' ? number(one) : [...new TextEncoder().encode(one), 0],
    ),
  ];
}

function mojo(version: number, ...events: readonly number[][]): Uint8Array {
  return Uint8Array.from([0x4d, 0x4f, 0x4a, ...number(version), ...events.flat()]);
}

/** Texts and frames of a process: 8 is main, 9 is work, 10 is a function of C. */
const names = [
  event(11, 2, '/srv/a.py'),
  event(11, 3, 'main'),
  event(11, 4, 'work'),
  event(11, 5, '/lib/libc.so'),
  event(3, 8, 2, 3, 12, 12, 1, 9),
  event(3, 9, 2, 4, 5, 6, 3, 40),
  event(3, 10, 5, 1, 0, 0, 0, 0),
];
const refs = (...keys: readonly number[]): number[] => keys.flatMap((key) => event(5, key));

/** Sums of a column by the innermost function, largest first. */
function top({ samples, locations, functions, strings }: Profile, column: number): [string, number][] {
  const found = new Map<string, number>();
  for (let row = 0; row < samples.length; row++) {
    const from = samples.stackStart[row] ?? 0;
    const line = locations.lineStart[samples.stackLocations[from] ?? 0] ?? 0;
    const name =
      from === samples.stackStart[row + 1]
        ? ''
        : strings.get(functions.name[locations.lines.function[line] ?? 0] ?? 0);
    found.set(name, (found.get(name) ?? 0) + Number(samples.values[column]?.[row]));
  }
  return [...found].filter(([, value]) => value !== 0).sort((a, b) => b[1] - a[1]);
}

test('a real file: totals and what is on top are what austin-python 2.4 says', () => {
  const made = read(fixtureBytes('shop.mojo'));
  const sum = (column: number): number => top(made, column).reduce((total, [, value]) => total + value, 0);
  assert.deepEqual(
    made.sampleTypes.map(({ type }, column) => [type, sum(column)]),
    [
      ['cpu', 1_732_848_000],
      ['space', 5_386_240],
      ['wall', 2_980_006_000],
    ],
  );
  assert.deepEqual(top(made, 2), [
    ['mix.<locals>.<genexpr>', 1_687_658_000],
    ['keep.<locals>.<listcomp>', 688_095_000],
    ['loop', 361_228_000],
    ['mix', 202_496_000],
    ['', 40_529_000],
  ]);
});

test('all metrics, idle samples, the collector, the kernel, frames that are none', () => {
  const bytes = mojo(
    3,
    event(1, 'mode', 'full'),
    event(2, 7, 0, '1f'),
    ...names,
    refs(8, 9),
    event(9, 100),
    event(10, 4096),
    event(2, 7, 0, '1f'),
    refs(8),
    event(7),
    event(8),
    event(9, 50),
    event(10, -512),
    event(2, 7, 0, '1f'),
    event(4),
    event(6, 'do_sys'),
    event(12, 3),
    event(9, 1),
  );
  assert.deepEqual(stackLines(read(bytes)), [
    'main /srv/a.py:12 > work /srv/a.py:5 : 100000 4096 100000 pid=#7 tid=#31',
    'main /srv/a.py:12 > GC : 0 -512 50000 pid=#7 tid=#31',
    'INVALID > do_sys kernel : 1000 0 1000 pid=#7 tid=#31',
  ]);
});

test('each mode, and each version', () => {
  const sample = (version: number): number[][] => [
    event(2, 7, ...(version >= 3 ? [0] : []), 'MainThread'),
    event(11, 2, 'a.py'),
    event(11, 3, 'f'),
    event(3, 8, 2, 3, 12, ...(version >= 2 ? [12, 1, 9] : [])),
    refs(8),
  ];
  for (const [mode, kind, value] of [
    ['wall', 9, '5000'],
    ['cpu', 9, '5000'],
    ['memory', 10, '5'],
  ] as const)
    for (const version of [1, 2, 3, 4])
      assert.deepEqual(
        stackLines(read(mojo(version, event(1, 'mode', mode), ...sample(version), event(kind, 5)))),
        [`f a.py:12 : ${value} pid=#7 thread=MainThread`],
      );
});

test('version 4: a stack that goes on from the last one of its thread, and tasks that wait', () => {
  const bytes = mojo(
    4,
    event(1, 'mode', 'wall'),
    event(2, 7, 0, '1'),
    ...names,
    refs(8, 10),
    event(9, 1),
    event(2, 7, 0, '2'),
    event(13),
    refs(9),
    event(9, 2),
    event(2, 7, 0, '1'),
    refs(9),
    event(13),
    event(16, 99),
    event(14, 98, 4, 2),
    refs(8, 9),
    event(15, 98, 99),
    event(9, 4),
  );
  assert.deepEqual(stackLines(read(bytes)), [
    'main /srv/a.py:12 > <unknown> /lib/libc.so : 1000 pid=#7 tid=#1',
    'work /srv/a.py:5 : 2000 pid=#7 tid=#2',
    'main /srv/a.py:12 > work /srv/a.py:5 : 4000 pid=#7 tid=#1',
  ]);
});

test('keys are of one process, and of 64 bits', () => {
  const of = (pid: number, name: string): number[][] => [
    event(2, pid, 0, '1'),
    event(11, 2, name),
    [
      3,
      ...[0x81, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01],
      ...[2, 2, 1, 1, 1, 1].flatMap(number),
    ],
    [
      3,
      ...[0x82, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01],
      ...[2, 2, 2, 2, 1, 1].flatMap(number),
    ],
    [5, ...[0x81, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01]],
    event(9, 1),
  ];
  assert.deepEqual(stackLines(read(mojo(3, ...of(1, 'one'), ...of(2, 'two')))), [
    'one one:1 : 1000 pid=#1 tid=#1',
    'two two:1 : 1000 pid=#2 tid=#1',
  ]);
});

test('a file that is cut or goes on with what is not known keeps what came before, and says so', () => {
  const whole = fixtureBytes('shop.mojo');
  for (let end = 5; end < whole.length; end += 7) {
    const { made, notes } = readWithNotes(whole.subarray(0, end));
    assert.ok(made.samples.length <= read(whole).samples.length);
    assert.ok(notes.every((note) => /^passed over 1 event: byte \d+: the file ends within it$/.test(note)));
  }
  const { made, notes } = readWithNotes(
    mojo(3, event(2, 7, 0, '1'), ...names, refs(8), event(9, 3), [77, 1, 2, 3]),
  );
  assert.deepEqual(stackLines(made), ['main /srv/a.py:12 : 3000 pid=#7 tid=#1']);
  assert.match(
    notes[0] ?? '',
    /^passed over 1 event: byte 78: 77 is no kind of event that is known, and nothing/,
  );
  refused(mojo(9, event(1, 'mode', 'wall')), 'PROFILE_MALFORMED', /version 9 is not known, only 1 to 4/);
  refused(Uint8Array.from([0x4d, 0x4f, 0x4a]), 'PROFILE_MALFORMED', /version 0 is not known/);
});

test('a small file whose stacks go on from one another without an end is refused', () => {
  const grow = Array.from({ length: 6000 }, () => [
    ...event(2, 7, 0, '1'),
    ...refs(9),
    ...event(13),
    ...event(9, 1),
  ]);
  refused(
    mojo(4, event(2, 7, 0, '1'), ...names, ...grow),
    'PROFILE_TOO_LARGE',
    /^austin: stacks row \d+ brings the frames of all stacks beyond/,
  );
});
