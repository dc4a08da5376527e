// Numbers and units as Go prints them.
import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { formatFixed2, formatGeneral2, padLeft, runeCount } from '../src/go/fmt.ts';
import { abs64, add64, div64, toInt64 } from '../src/int64.ts';
import { autoLabel, percentage, sameFamily, scale, scaledLabel } from '../src/measurement.ts';

test('%.2f rounds the exact value, ties to even', () => {
  const cases: [number, string][] = [
    [1.125, '1.12'],
    [1.375, '1.38'],
    [1.625, '1.62'],
    [1.875, '1.88'],
    [-0.625, '-0.62'],
    [1.005, '1.00'],
    [2.675, '2.67'],
    [0, '0.00'],
    [2 ** 70, '1180591620717411303424.00'],
    [Number.NaN, 'NaN'],
    [-Infinity, '-Inf'],
  ];
  for (const [value, text] of cases) assert.equal(formatFixed2(value), text);
});

test('%.2g keeps two digits and drops zeros at the end', () => {
  const cases: [number, string][] = [
    [0, '0'],
    [0.4, '0.4'],
    [0.222, '0.22'],
    [0.0996, '0.1'],
    [0.999, '1'],
    [0.125, '0.12'],
    [0.0625, '0.062'],
    [0.000098, '9.8e-05'],
    [0.0001, '0.0001'],
    [1.2e-10, '1.2e-10'],
  ];
  for (const [value, text] of cases) assert.equal(formatGeneral2(value), text);
});

test('values take the largest unit that keeps them above one', () => {
  const time = [1, 999, 1000, 1023, 1024, 59999, 3600000, 1500].map((value) =>
    autoLabel(value, 'microseconds'),
  );
  assert.deepEqual(time, ['1us', '999us', '1ms', '1.02ms', '1.02ms', '60ms', '3.60s', '1.50ms']);
  const bytes = [1, 999, 1000, 1023, 1024, 59999, 3600000, 1500].map((value) => autoLabel(value, 'bytes'));
  assert.deepEqual(bytes, ['1B', '999B', '1000B', '1023B', '1kB', '58.59kB', '3.43MB', '1.46kB']);
  assert.equal(autoLabel(3600, 'seconds'), '1hrs');
  assert.equal(autoLabel(1152, 'bytes'), '1.12kB');
  assert.equal(autoLabel(-1152, 'bytes'), '-1.12kB');
  assert.equal(autoLabel(0, 'bytes'), '0');
  assert.equal(autoLabel(5000, 'widgets'), '5000');
  // Three bytes long, it loses its s and is no unit any more.
  assert.equal(scaledLabel(5000, 'μs', 'minimum'), '5000');
  assert.equal(scaledLabel(5000, 'count', 'ms'), '5000ms');
  assert.equal(scaledLabel(3_600_000, 'gcu', 'k*GCU'), '3600000GCU');
  assert.deepEqual(scale(-(2n ** 63n), 'ns', 'minimum'), { value: -9223372036.854776, unit: 's' });
  assert.equal(sameFamily('kb', 'Megabytes'), true);
  assert.equal(sameFamily('kb', 'ms'), false);
});

test('percentages', () => {
  const of = (value: number): string => percentage(value, 10250774);
  assert.deepEqual([99949, 25000, 9996, 996, 125, 98, 9, 1].map(of), [
    ' 0.98%',
    ' 0.24%',
    '0.098%',
    '0.0097%',
    '0.0012%',
    '0.00096%',
    '8.8e-05%',
    '9.8e-06%',
  ]);
  assert.equal(percentage(9996, 10000), '  100%');
  assert.equal(percentage(10, 0), '    0%');
  assert.equal(percentage(-3, 2), '150.00%');
});

test('64-bit arithmetic wraps and truncates', () => {
  const least = -(2n ** 63n);
  assert.equal(abs64(least), least);
  assert.equal(add64(2n ** 63n - 1n, 1n), least);
  assert.equal(div64(-7, 2), -3);
  assert.equal(toInt64(Number.NaN, 0n), least);
  assert.equal(toInt64(1e300, 0), -(2 ** 63));
  assert.equal(toInt64(-2.9, 0), -2);
});

test('division of numbers equals division of bigints', () => {
  const safe = fc.integer({ min: -Number.MAX_SAFE_INTEGER, max: Number.MAX_SAFE_INTEGER });
  fc.assert(
    fc.property(safe, safe, (left, right) => {
      fc.pre(right !== 0);
      assert.equal(BigInt(div64(left, right)), BigInt(left) / BigInt(right));
    }),
  );
});

test('padding counts characters, and a byte that is not UTF-8 as one', () => {
  assert.equal(runeCount('日本😀\udc80'), 4);
  assert.equal(padLeft('日本', 4), '  日本');
});
