// Painting: what is drawn, in which colour, and what lies under a point; the canvas is a recorder.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ProfileBuilder, encodeProfile } from '@stackpile/profile';
import { ProfileEngine } from '../src/engine/engine.ts';
import type { ProfileSummary } from '../src/engine/profiles.ts';
import type { FlameAnswer, FlameQuery } from '../src/engine/questions/flame.ts';
import { palettes, paletteRow, diffRow } from '../src/flame/colors.ts';
import {
  type Canvas,
  hitTest,
  LabelWidths,
  makePicture,
  paint,
  type Viewport,
} from '../src/flame/picture.ts';
import { keptAttributes } from '../src/graph/sanitize.ts';
import { frameHash } from '../src/frame-hash.ts';
import { noFilters } from '../src/stack-filters.ts';

function profileBytes(lines: readonly string[]): Uint8Array<ArrayBuffer> {
  const builder = new ProfileBuilder({ sampleTypes: [{ type: 'goroutine', unit: 'count' }] });
  for (const line of lines) {
    const [stack = '', value = '1'] = line.split(' ');
    const locations = stack
      .split('>')
      .map((part) => {
        const [name = '', file = '/app/main.ts'] = part.split('@');
        return builder.location({ lines: [{ function: builder.function(name, file), line: 12 }] });
      })
      .reverse();
    builder.sample(locations, [Number(value)]);
  }
  return encodeProfile(builder.build()) as Uint8Array<ArrayBuffer>;
}

async function open(engine: ProfileEngine, lines: readonly string[]): Promise<ProfileSummary> {
  return engine.handlers.open({ name: 'drawn.pb', from: profileBytes(lines) }, () => undefined);
}

const plain: Omit<FlameQuery, 'profile'> = {
  base: null,
  sampleType: '',
  granularity: 'functions',
  ...noFilters,
  mode: 'down',
  pivot: '',
  zoom: [],
  minShare: 1 / 4096,
  search: '',
  onlyChanged: false,
};

async function flame(lines: readonly string[], patch: Partial<FlameQuery> = {}): Promise<FlameAnswer> {
  const engine = new ProfileEngine();
  const { id } = await open(engine, lines);
  return engine.handlers.flame({ ...plain, profile: id, ...patch }, () => undefined);
}

class Recorder implements Canvas {
  fillStyle = '';
  font = '';
  textBaseline: CanvasTextBaseline = 'alphabetic';
  readonly log: string[] = [];
  fillRect(x: number, y: number, width: number, height: number): void {
    this.log.push(`rect ${x},${y} ${width}x${height} ${this.fillStyle}`);
  }
  fillText(text: string, x: number, y: number): void {
    this.log.push(`text ${text} ${x},${y}`);
  }
  measureText(text: string): { readonly width: number } {
    return { width: text.length * 6 };
  }
}

const view: Viewport = { width: 1000, height: 200, rowHeight: 20, left: 0, right: 1, scroll: 0 };
const example = [
  'main>work>read@/app/node_modules/redis/x.js 6',
  'main>work>write 3',
  'main>idle@node:timers 1',
];

test('boxes are drawn where their shares are, in the colour of whose code they are', async () => {
  const picture = makePicture(await flame(example), false);
  const canvas = new Recorder();
  const drawn = paint(canvas, picture, view, palettes.light, new LabelWidths());
  assert.equal(drawn, 6);
  const rect = (row: number, place: string): boolean =>
    canvas.log.some(
      (entry) => entry.startsWith(`rect ${place} `) && entry.endsWith(palettes.light.fill[row] ?? '?'),
    );
  assert.ok(rect(paletteRow.root, '0,0 999x19'));
  const color = (box: string): string =>
    canvas.log.find((entry) => entry.startsWith(`rect ${box} `))?.split(/\d+x\d+ /)[1] ?? '';
  const rows = (from: number): readonly string[] => palettes.light.fill.slice(from, from + 6);
  assert.ok(rows(paletteRow.user).includes(color('0,40')));
  assert.ok(rows(paletteRow.runtime).includes(color('900,40')));
  assert.ok(rows(paletteRow.library).includes(color('0,60')));
  assert.deepEqual(
    canvas.log.filter((entry) => entry.startsWith('text')),
    [
      'text all 4,10',
      'text main 4,30',
      'text work 4,50',
      'text idle 904,50',
      'text read 4,70',
      'text write 604,70',
    ],
  );
});

test('only what is on the screen is drawn', async () => {
  const picture = makePicture(await flame(example), false);
  const canvas = new Recorder();
  paint(canvas, picture, { ...view, left: 0.95, right: 1, height: 59 }, palettes.light, new LabelWidths());
  assert.ok(!canvas.log.some((entry) => entry.includes('work') || entry.includes('read')));
});

test('the box under a point is the box that was drawn there', async () => {
  const picture = makePicture(await flame(example), false);
  const name = (x: number, y: number): string | null => {
    const hit = hitTest(picture, view, x, y);
    if (hit?.kind !== 'box') return null;
    return hit.box === 0 ? 'all' : picture.label(picture.answer.layout.frame[hit.box] as number);
  };
  assert.deepEqual(
    [name(5, 5), name(500, 25), name(950, 45), name(650, 65), name(950, 65), name(5, 150)],
    ['all', 'main', 'idle', 'write', null, null],
  );
});

test('a zoom follows hashes of names and shows the ancestors above', async () => {
  const zoom = ['main', 'work'].map((name) => frameHash(name, '/app/main.ts'));
  const picture = makePicture(await flame(example, { zoom }), false);
  assert.deepEqual(picture.pathLabels, ['all', 'main']);
  assert.equal(picture.answer.layout.rootWeight, 9);
  assert.deepEqual(picture.answer.pathWeights, [10, 10, 9]);
  const lost = await flame(example, { zoom: ['nowhere'] });
  assert.match(lost.note, /not in this profile/);
  assert.equal(lost.layout.rootWeight, 10);
});

test('a sandwich puts callers above and callees below the function', async () => {
  const answer = await flame(example, { mode: 'sandwich', pivot: '^work$' });
  const picture = makePicture(answer, false);
  const canvas = new Recorder();
  paint(canvas, picture, view, palettes.light, new LabelWidths());
  assert.deepEqual(
    canvas.log
      .filter((entry) => entry.startsWith('text'))
      .map((entry) => entry.split(' ').slice(1).join(' ')),
    ['main 4,10', 'work 4,30', 'read 4,50', 'write 670,50'].map((entry) => entry.replace('670', '671')),
  );
});

test('a search marks what matches', async () => {
  const answer = await flame(example, { search: 'read|write' });
  const picture = makePicture(answer, false);
  const canvas = new Recorder();
  paint(canvas, picture, view, palettes.light, new LabelWidths());
  assert.equal(canvas.log.filter((entry) => entry.endsWith(palettes.light.match)).length, 2);
});

test('a comparison leaves out what did not change, and says what did', async () => {
  const engine = new ProfileEngine();
  const before = await open(engine, ['main>a 5', 'main>b 5']);
  const after = await open(engine, ['main>a 50', 'main>b 5']);
  const ask = (onlyChanged: boolean): FlameAnswer =>
    engine.handlers.flame(
      { ...plain, profile: after.id, base: before.id, onlyChanged },
      () => undefined,
    ) as FlameAnswer;
  assert.deepEqual([...ask(false).layout.weight], [55, 55, 50, 5]);
  const changed = ask(true);
  assert.deepEqual([...changed.layout.weight], [50, 50, 50]);
  assert.deepEqual([...(changed.layout.before ?? [])], [5, 5, 5]);
  assert.equal(changed.total, 55);
});

test('differences are graded, and chance is grey', () => {
  assert.equal(diffRow(5, 5, 0), paletteRow.unchanged);
  assert.equal(diffRow(0, 5, 0), paletteRow.more + 3);
  assert.equal(diffRow(100, 110, 0), paletteRow.more);
  assert.equal(diffRow(100, 110, 1), paletteRow.unchanged);
  assert.equal(diffRow(100, 20, 1), paletteRow.less + 3);
});

test('bad patterns and impossible comparisons are one sentence', async () => {
  await assert.rejects(flame(example, { focus: '(' }), /^EngineError: Focus: /);
  const engine = new ProfileEngine();
  await assert.rejects(
    async () => engine.handlers.open({ name: 'x', from: new Uint8Array([1, 2, 3]) }, () => undefined),
    (error: Error) => error.name === 'ProfileError' && !error.message.includes('\n'),
  );
});

test('of an SVG only shapes and texts stay', () => {
  assert.equal(keptAttributes('script', []), null);
  assert.equal(keptAttributes('foreignObject', []), null);
  assert.deepEqual(
    keptAttributes('path', [
      { name: 'd', value: 'M0,0L1,1' },
      { name: 'onclick', value: 'alert(1)' },
      { name: 'fill', value: 'url(javascript:alert(1))' },
    ]),
    [['d', 'M0,0L1,1']],
  );
  assert.deepEqual(keptAttributes('a', [{ name: 'xlink:href', value: 'javascript:alert(1)' }]), []);
});
