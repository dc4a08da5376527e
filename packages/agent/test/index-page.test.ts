// The index beyond Go's: what has changed since the look before, the last hour as pictures, and a policy that lets nothing else in.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { describe, test } from 'node:test';
import { readGoIndex, readOffers } from '@stackpile/profile';
import fc from 'fast-check';
import { changeOf, type Look, Looks } from '../src/endpoints/looks.ts';
import { type Moment, ProcessHistory } from '../src/captures/process-history.ts';
import { indexPage, type IndexRow } from '../src/text/index-page.ts';
import { sparkline } from '../src/text/sparkline.ts';
import { blockWith, spins } from './blocking.ts';
import { ask } from './http-client.ts';
import { serving } from './serving.ts';

const row: IndexRow = {
  name: 'moons',
  description: 'Moons <of> it',
  kind: 'snapshot',
  query: ['debug', 'seconds'],
  counts: true,
  count: 7,
  change: null,
};
const MINUTE = 60_000;

function series(...values: (number | null)[]) {
  return [{ name: 'tasks', bytes: false, points: values.map((value, i) => ({ time: i * MINUTE, value })) }];
}

describe('the page', () => {
  test('says what has changed since the look before, and nothing on the first', () => {
    const first = indexPage({ rows: [row], since: null, series: [], ui: false });
    assert.match(
      first,
      /<tr><td>7<\/td><td><a href='moons\?debug=1'>moons<\/a><\/td><td><a href='moons'>file<\/a> · <a href='moons\?seconds=10'>10 s<\/a><\/td><\/tr>/u,
    );
    assert.match(first, /Look again in a while/u);
    for (const [change, told] of [
      [3, '<span class=up>+3</span>'],
      [-3, '<span class=down>−3</span>'],
      [0, '<span class=same>±0</span>'],
      [null, '<span class=same>–</span>'],
    ] as const) {
      const page = indexPage({ rows: [{ ...row, change }], since: 134, series: [], ui: false });
      assert.ok(page.includes(`<td class=n>${told}</td>`), told);
      assert.match(page, /Changes are those since the look 2 min ago\./u);
    }
  });

  test("says of what is not known that it is not, behind the number that a row of Go's has", () => {
    const page = indexPage({ rows: [{ ...row, count: null }], since: 134, series: [], ui: false });
    assert.match(
      page,
      /<tr><td>0<\/td><td><a href='moons\?debug=1'>moons<\/a><\/td><td class=n><span class=same>–<\/span><\/td>.*unread/u,
    );
    assert.equal(readGoIndex(page).offers[0]?.count, 0);
    // What counts nothing has Go's 0, and no change.
    const nothing = indexPage({
      rows: [{ ...row, counts: false, count: null }],
      since: 134,
      series: [],
      ui: false,
    });
    assert.match(nothing, /<tr><td>0<\/td><td><a href='moons\?debug=1'>moons<\/a><\/td><td class=n><\/td>/u);
  });

  test('tells the heap’s count with its age, and none before it was read; that of blocks is of this moment', async () => {
    const { port } = await serving({ port: 0, block: true, tasks: false });
    const cell = async (name: string): Promise<string> => {
      const page = (await ask(port, '/debug/pprof/')).body.toString();
      return new RegExp(`<tr>(<td[^>]*>[^<]*</td>)<td><a href='${name}\\?`, 'u').exec(page)?.[1] ?? '';
    };
    const offer = async (name: string) => {
      const { offers } = readOffers(JSON.parse((await ask(port, '/debug/pprof/offers')).body.toString()));
      return offers.find((one) => one.name === name);
    };
    for (const name of ['heap', 'allocs']) {
      assert.equal(await cell(name), '<td>0</td>');
      const before = await offer(name);
      assert.equal(before?.count, null);
      assert.match(before?.description ?? '', / Not counted before it is read\.$/u);
    }
    await ask(port, '/debug/pprof/heap');
    for (const name of ['heap', 'allocs']) {
      assert.match(await cell(name), /^<td>[1-9]\d*<\/td>$/u);
      const after = await offer(name);
      assert.ok((after?.count ?? 0) > 0);
      assert.match(after?.description ?? '', / Counted when it was read, \d+ s ago\.$/u);
    }
    for (let asked = 0; (await cell('block')) === '<td>0</td>'; asked++) {
      assert.ok(asked < 50);
      await blockWith(spins);
    }
    assert.match(
      (await offer('block'))?.description ?? '',
      / Blocks since the last reading count for one stack each: \d+\.$/u,
    );
  });

  test('what was not counted anew since the look before has no change', () => {
    const look = (count: number | null, at: number) => new Map([['heap', { count, at }]]);
    const change = (before: Look['counts'], now: Look['counts']) => changeOf('heap', before, now);
    assert.equal(change(look(5, 1), look(8, 2)), 3);
    assert.equal(change(look(5, 1), look(5, 2)), 0);
    assert.equal(change(look(5, 1), look(5, 1)), null);
    assert.equal(change(look(null, 1), look(5, 2)), null);
    assert.equal(change(look(5, 1), look(null, 2)), null);
    assert.equal(change(new Map(), look(5, 1)), null);
  });

  test('draws what it knows, and says it in words too', () => {
    const page = indexPage({ rows: [], since: null, series: series(4, null, 10, 12), ui: false });
    assert.match(page, /<h2>The last 3 min<\/h2>/u);
    assert.match(page, /<td>12<\/td><td>tasks<\/td><td class=n><span class=up>\+8<\/span><\/td><td><svg /u);
    assert.match(page, /aria-label="tasks: from 4 to 12 within 3 min"/u);
    assert.doesNotMatch(
      indexPage({ rows: [], since: null, series: series(null), ui: false }),
      /<svg|<h2>The last|Now/u,
    );
    assert.doesNotMatch(indexPage({ rows: [], since: null, series: series(5), ui: false }), /<svg/u);
  });

  test('holds nothing that its policy forbids', async () => {
    const { port } = await serving({ port: 0 });
    const { headers, body } = await ask(port, '/debug/pprof/');
    const [style = ''] = /(?<=<style>)[^<]*/u.exec(body.toString()) ?? [];
    const hash = createHash('sha256').update(style).digest('base64');
    assert.equal(
      headers['content-security-policy'],
      `default-src 'none'; style-src 'sha256-${hash}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`,
    );
    assert.doesNotMatch(body.toString(), /<script|<link|<img|\sstyle=|\son\w+=|javascript:|https?:/iu);
  });
});

describe('a picture of numbers', () => {
  test('stays within its frame, whatever they are', () => {
    const point = fc.record({
      step: fc.integer({ min: 1, max: 1e6 }),
      value: fc.option(fc.integer({ min: 0, max: 2 ** 50 }), { nil: null }),
    });
    fc.assert(
      fc.property(fc.array(point, { maxLength: 61 }), (drawn) => {
        let time = 0;
        const points = drawn.map(({ step, value }) => ({ time: (time += step), value }));
        const picture = sparkline(points, 'x');
        if (points.filter(({ value }) => value !== null).length < 2) assert.equal(picture, '');
        for (const [, x, y] of picture.matchAll(/(-?[\d.]+),(-?[\d.]+)/gu)) {
          assert.ok(Number(x) >= 0 && Number(x) <= 240, x);
          assert.ok(Number(y) >= 0 && Number(y) <= 36, y);
        }
      }),
    );
  });
});

describe('looks', () => {
  const at = (time: number): Look => ({ time, counts: new Map([['a', { count: time, at: time }]]) });

  test('are compared with the last one that is ten seconds old', () => {
    const looks = new Looks();
    assert.equal(looks.next(at(0)), null);
    assert.equal(looks.next(at(5000)), null);
    assert.equal(looks.next(at(11_000))?.time, 0);
    assert.equal(looks.next(at(16_000))?.time, 5000);
    assert.equal(looks.next(at(1e9))?.time, 16_000);
  });

  test('who reloads all the time has one to compare with as well', () => {
    const looks = new Looks();
    let found: number | undefined;
    for (let time = 0; time <= 20_000; time += 50) found = looks.next(at(time))?.time ?? found;
    assert.ok(found !== undefined && found <= 10_000, String(found));
  });
});

describe('the last hour', () => {
  test('is sixty moments, a minute apart, and a moment that cannot be had is a gap', async (t) => {
    t.mock.timers.enable({ apis: ['setTimeout'] });
    let taken = 0;
    const history = new ProcessHistory(() => {
      taken++;
      const moment: Moment = { time: taken, tasks: taken, handles: null, heap: 1, rss: 2 };
      return taken % 10 === 0 ? Promise.reject(new Error('busy')) : Promise.resolve(moment);
    });
    history.start();
    history.start();
    assert.equal(taken, 0);
    t.mock.timers.tick(10_000);
    for (let i = 0; i < 99; i++) {
      t.mock.timers.tick(MINUTE);
      await Promise.resolve();
    }
    await new Promise((resolve) => setImmediate(resolve));
    assert.equal(taken, 100);
    assert.equal(history.moments.length, 60);
    assert.equal(history.moments.at(-1)?.time, 99);
  });
});
