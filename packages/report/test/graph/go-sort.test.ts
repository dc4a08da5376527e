// Go's sort.Sort leaves equal items in an order of its own: the numbers here were made with Go 1.26.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { goSort } from '../../src/graph/go-sort.ts';

/** `count` keys below `distinct` in one of five shapes: random, rising, falling, almost rising, zigzag. */
function keys(count: number, distinct: number, shape: number): number[] {
  let state = (count * 31 + distinct * 7 + shape) >>> 0;
  return Array.from({ length: count }, (_, i) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    const random = state >>> 16;
    const rising = Math.floor((i * distinct) / count);
    switch (shape) {
      case 0:
        return random % distinct;
      case 1:
        return rising;
      case 2:
        return Math.floor(((count - i) * distinct) / count);
      case 3:
        return random % 17 === 0 ? random % distinct : rising;
      default:
        return i % 2 === 0 ? i % distinct : distinct - (i % distinct);
    }
  });
}

/** Per count: a sum of the resulting order for 1, 2, 5, 50 and 100,000 distinct keys in each shape. */
const expected: Readonly<Record<number, readonly number[]>> = {
  13: [
    2958403669, 2958403669, 2115072751, 2958403669, 2629302179, 399843659, 2958403669, 4043230507, 2958403669,
    2629302179, 904298305, 2958403669, 3577831125, 2958403669, 1445770637, 560848251, 2958403669, 2843203029,
    2958403669, 1533707247, 2927986589, 2958403669, 2843203029, 2958403669, 1533707247,
  ],
  40: [
    749851429, 749851429, 2919397291, 749851429, 110783713, 593608461, 749851429, 3166056651, 1409247175,
    110783713, 3961886385, 749851429, 512468585, 882380543, 1372052433, 3217251073, 749851429, 3506287741,
    2559481867, 1820042211, 1701621435, 749851429, 3506287741, 3093937869, 3130581457,
  ],
  50: [
    3984959978, 3984959978, 873090264, 3984959978, 1719091718, 1898208576, 3984959978, 3058736712, 3984959978,
    1719091718, 1238792484, 3984959978, 1760551428, 3154190406, 108177418, 688668096, 3984959978, 2320990936,
    3803055046, 98260458, 2482121056, 3984959978, 2320990936, 1172043674, 1465333074,
  ],
  80: [
    2055398969, 2055398969, 2753596137, 2055398969, 3162400145, 799816379, 2055398969, 935077965, 888026239,
    3162400145, 2692092161, 2055398969, 2661820087, 2736631495, 2773255639, 3521235397, 2055398969,
    3803060931, 1698606961, 4026230601, 1429900025, 2055398969, 759197929, 1042969501, 2667193233,
  ],
  200: [
    3895566197, 3895566197, 4077517613, 3895566197, 995205017, 1244852175, 3895566197, 4132082963, 2246308315,
    995205017, 2887036399, 3895566197, 4040350011, 3317760187, 1575834493, 2895432491, 3895566197, 1643498595,
    1579671457, 3718893917, 4201225747, 3895566197, 3155088941, 2551426645, 3186632913,
  ],
  1000: [
    1862049029, 1862049029, 1561421725, 1862049029, 2540575161, 579289599, 1862049029, 3591763107, 2332579621,
    2540575161, 778840519, 1862049029, 1330181573, 2070249785, 3212750529, 194750011, 1862049029, 3390309913,
    2357360183, 2177361233, 2252498531, 1862049029, 1058799261, 603972521, 3598617553,
  ],
};

for (const [count, sums] of Object.entries(expected)) {
  test(`${count} items, many of them equal`, () => {
    const actual = [1, 2, 5, 50, 100_000].flatMap((distinct) =>
      [0, 1, 2, 3, 4].map((shape) => {
        const all = keys(Number(count), distinct, shape);
        const order = all.map((_, i) => i);
        goSort(order, (left, right) => (all[left] as number) - (all[right] as number));
        return order.reduce((sum, i) => (Math.imul(sum, 31) + i) >>> 0, 17);
      }),
    );
    assert.deepEqual(actual, sums);
  });
}
