// What is held is told with who allocates it, where the sampled heap of the same process says so.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ProcessWatch } from '../src/index.ts';
import { began, reading } from './counters.ts';
import { profileOf, type Row } from './synthetic.ts';

const site: Row['stack'] = [
  ['compileSchema', '/app/node_modules/ajv/core.js', 111],
  ['getValidator', '/app/ajv.mjs', 13],
];
const other: Row['stack'] = [['render', '/app/page.mjs', 7]];
const chain: Row['stack'] = [
  ['ValueScopeName', '', 0],
  ['Map', '', 0],
  ['variable ajv', '/app/ajv.mjs', 5],
];

/** A minute in which objects pile up, and two places allocate. */
function createdBy(growth: {
  readonly site: number;
  readonly other: number;
  /** The site allocates all of it between two looks. */
  readonly atOnce?: boolean;
}): string | undefined {
  const watch = new ProcessWatch();
  for (let k = 0; k <= 12; k++) {
    const time = began + k * 5000;
    watch.counters({ ...reading(120 + 5 * k, { heapLive: (20 + k) * 2 ** 20 }), time });
    const heap = [
      {
        stack: site,
        value: (1 + growth.site * (growth.atOnce === true ? 12 * Number(k > 10) : k)) * 2 ** 20,
      },
      { stack: other, value: (1 + growth.other * k) * 2 ** 20 },
    ];
    const profile = profileOf(heap, { type: 'inuse_space', unit: 'bytes', period: 1 });
    watch.dump('heap', { profile, time });
    const objects = [{ stack: chain, value: 1000 + 900 * k }];
    watch.dump('classes', { profile: profileOf(objects, { type: 'objects', unit: 'count' }), time });
  }
  const { verdicts } = watch.verdict();
  const classes = verdicts.find(({ evidence }) => evidence === 'classes');
  assert.equal(classes?.kind, 'leak');
  return classes.findings[0]?.createdBy;
}

test('the place of the user’s code that gained most is told beside what is held', () => {
  assert.equal(createdBy({ site: 1, other: 0 }), 'getValidator /app/ajv.mjs:13');
});

test('nobody is named where nobody stands out, or nothing was allocated', () => {
  assert.equal(createdBy({ site: 0, other: 0 }), '');
});

test('whoever allocated at another time than it came is not named', () => {
  assert.equal(createdBy({ site: 1, other: 0, atOnce: true }), '');
});
