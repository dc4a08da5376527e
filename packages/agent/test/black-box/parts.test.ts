// The parts of the black box by themselves: lines and crossings, the end of V8's heap, bundles and their folder, options.
import assert from 'node:assert/strict';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { blackBox } from '@stackpile/agent';
import { blackBoxSettings, lineOf, millisecondsOf } from '../../src/black-box-settings.ts';
import { Bundle, tidy } from '../../src/black-box/bundle.ts';
import { oldSpaceLimit } from '../../src/black-box/heap-limit.ts';
import { Ledger } from '../../src/black-box/ledger.ts';
import { Crossings, progress, type Progress, type Vitals } from '../../src/black-box/lines.ts';

const none: Vitals = {
  rss: null,
  rssLimit: null,
  heap: null,
  heapLimit: null,
  descriptors: null,
  descriptorLimit: null,
  lag: null,
};

describe('lines', () => {
  test('are parts of a limit, or sizes', () => {
    assert.deepEqual(lineOf('85%'), { kind: 'share', share: 0.85 });
    assert.deepEqual(lineOf('512MB'), { kind: 'value', value: 512 * 2 ** 20 });
    for (const wrong of ['', '0%', '101%', '-1', '1e9x', 'NaN', '85 % of it'])
      assert.equal(lineOf(wrong), null, wrong);
    assert.equal(millisecondsOf('2s'), 2000);
    for (const wrong of ['2', '1ms', 's', '2h']) assert.equal(millisecondsOf(wrong), null, wrong);
  });

  test('are at 90 % where only a folder is given, but for the heap, where V8 gives up before; lag has none', () => {
    const settings = blackBoxSettings({ dir: '/box' });
    const found = progress({ ...none, rss: 91, rssLimit: 100, heap: 45, heapLimit: 100, lag: 1e9 }, settings);
    assert.deepEqual(
      found.map(({ what, line }) => [what, line]),
      [
        ['rss', 90],
        ['heap', 75],
      ],
    );
  });

  test('that were crossed are crossed again only after a fall, or a while', () => {
    const settings = blackBoxSettings({ dir: '/box' });
    const crossings = new Crossings();
    const at = (rss: number, now: number): boolean =>
      crossings.crossed(progress({ ...none, rss, rssLimit: 100 }, settings), now) !== null;
    assert.deepEqual(
      [at(80, 0), at(90, 1), at(95, 2), at(82, 3), at(95, 4), at(70, 5), at(95, 6)],
      [false, true, false, false, false, false, true],
    );
    assert.equal(at(95, 700_000), true);
  });

  test('that could not be written are crossed again before long', () => {
    const settings = blackBoxSettings({ dir: '/box' });
    const crossings = new Crossings();
    const at = (now: number): Progress | null =>
      crossings.crossed(progress({ ...none, rss: 95, rssLimit: 100 }, settings), now);
    const first = at(0);
    assert.ok(first !== null);
    crossings.failed(first, 1);
    assert.equal(at(1000), null);
    assert.equal(at(31_000)?.what, 'rss');
    assert.equal(at(62_000), null);
  });

  test('of what has no limit are none', () => {
    assert.deepEqual(progress({ ...none, rss: 1e12 }, blackBoxSettings({ dir: '/box' })), []);
  });
});

test("the end of V8's heap is that of its old generation", () => {
  const mb = 2 ** 20;
  const of = (limit: number, flags: string, major: number): number =>
    oldSpaceLimit({ limit: limit * mb, flags, major }) / mb;
  assert.equal(of(148, '--max-old-space-size=100', 20), 100);
  assert.equal(of(292, ' --max_old_space_size=50 --max-old-space-size 100', 24), 100);
  assert.equal(of(4144, '', 22), 4096);
  assert.equal(of(4288, '', 24), 4096);
  assert.equal(of(4192, '', 26), 4096);
  assert.equal(of(4192, '--max-semi-space-size=32', 24), 4096);
});

test('the ledger holds an hour, whatever the wall clock does', () => {
  const ledger = new Ledger();
  for (let now = 0; now < 3 * 3_600_000; now += 500)
    if (ledger.isDue(now)) ledger.add(now, { time: -now } as never);
  assert.ok(ledger.readings.length <= 361 && ledger.readings.length >= 359, String(ledger.readings.length));
});

describe('bundles', () => {
  let dir = '';
  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), 'stackpile-box-'));
  });
  afterEach(() => rmSync(dir, { recursive: true, force: true }));

  test('appear whole, take files one by one, and leave nothing unfinished', () => {
    const bundle = Bundle.create(join(dir, 'made/here'), 0, { 'box.json': '{}' });
    bundle.add('heap.pb.gz', new Uint8Array([1, 2]));
    bundle.add('box.json', '{"isWhole":true}');
    assert.deepEqual(readdirSync(bundle.path).sort(), ['box.json', 'heap.pb.gz']);
    assert.equal(readFileSync(join(bundle.path, 'box.json'), 'utf8'), '{"isWhole":true}');
    assert.match(bundle.name, /^1970-01-01T00-00-00Z-/);
  });

  test('of two processes at one moment are two', () => {
    const names = [1, 2, 3].map(() => Bundle.create(dir, 5000, { 'box.json': '{}' }).name);
    assert.equal(new Set(names).size, 3);
  });

  test('leave, the oldest first, when there are too many or they are too large; nothing else is touched', () => {
    const outside = join(dir, 'outside');
    mkdirSync(outside);
    writeFileSync(join(outside, 'kept'), 'x');
    const box = join(dir, 'box');
    const old = [1, 2, 3, 4].map((hour) =>
      Bundle.create(box, hour * 3_600_000, { 'box.json': 'x'.repeat(1000) }),
    );
    symlinkSync(outside, join(box, '1969-01-01T00-00-00Z-1-00000000'));
    writeFileSync(join(box, 'notes.txt'), 'mine');
    const newest = Bundle.create(box, 9 * 3_600_000, { 'box.json': '{}' });
    tidy(box, { bundles: 3, megabytes: 200 }, newest.name, Date.now());
    assert.deepEqual(
      old.map(({ path }) => existsSync(path)),
      [false, false, true, true],
    );
    tidy(box, { bundles: 3, megabytes: 0.001 }, newest.name, Date.now());
    assert.deepEqual(
      old.map(({ path }) => existsSync(path)),
      [false, false, false, true],
    );
    assert.ok(
      existsSync(join(outside, 'kept')) && existsSync(join(box, 'notes.txt')) && existsSync(newest.path),
    );
  });
});

test('options that make no sense are refused by name', async () => {
  const wrong: readonly (readonly [unknown, RegExp])[] = [
    [{}, /blackBox is an object, not whole: it needs dir/],
    [{ dir: 5 }, /blackBox\.dir is 5/],
    [{ dir: 'x', at: { rss: '120%' } }, /at\.rss is "120%", not a part of the limit/],
    [{ dir: 'x', at: { lag: '2' } }, /at\.lag is "2", not a time/],
    [{ dir: 'x', upload: 'ftp://x' }, /upload .*not an address of HTTP/],
    [{ dir: 'x', folder: 'y' }, /folder/],
  ];
  for (const [options, message] of wrong)
    await assert.rejects(
      blackBox(options as never),
      { code: 'AGENT_OPTIONS', message },
      JSON.stringify(options),
    );
});
