// Each number of the judge is held from above and from below: ten times more or less, and a drawn program is judged wrongly.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { LeakWatch, type Verdict } from '../src/index.ts';
import { type RuleName, type Rules, ruleTable, rulesWith } from '../src/rules.ts';
import { type DrawnCase, dumpsOf, optionsOf } from './drawn.ts';
import { drawnCases } from './drawn-cases.ts';

const watches = drawnCases.map((drawn) => {
  const watch = new LeakWatch(optionsOf(drawn));
  for (const dump of dumpsOf(drawn)) watch.feed(dump);
  return { drawn, watch };
});

/** From the worst that could be said to the best. */
const worstFirst = {
  leak: ['none', 'unsure', 'leak'],
  harmless: ['leak', 'unsure', 'none'],
} as const;

function blamed({ findings }: Verdict): string | undefined {
  return findings[0]?.culprit?.name ?? findings[0]?.stack.at(-1)?.name;
}

/** What is wrong with a verdict; '' where nothing is. */
function wrong(drawn: DrawnCase, verdict: Verdict): string {
  const order: readonly string[] = worstFirst[drawn.truth];
  if (order.indexOf(verdict.kind) < order.indexOf(drawn.expected)) return `it is called ${verdict.kind}`;
  if (drawn.first !== undefined && blamed(verdict) !== drawn.first) return `it blames ${blamed(verdict)}`;
  if (drawn.findings !== undefined && verdict.findings.length !== drawn.findings)
    return `it has ${verdict.findings.length} findings`;
  return '';
}

describe('drawn programs', () => {
  for (const { drawn, watch } of watches) {
    test(`${drawn.truth}: ${drawn.what}: ${drawn.expected}`, () => {
      const verdict = watch.verdict();
      assert.equal(verdict.kind, drawn.expected);
      assert.equal(wrong(drawn, verdict), '');
    });
    test(`${drawn.truth}: ${drawn.what}: expected is not the opposite of the truth`, () => {
      assert.notEqual(drawn.expected, worstFirst[drawn.truth][0]);
    });
  }
});

describe('each number', () => {
  const names = Object.keys(ruleTable) as RuleName[];
  for (const name of names) {
    for (const [factor, word] of [
      [10, 'ten times more'],
      [0.1, 'a tenth'],
    ] as const) {
      const rules: Rules = rulesWith({ [name]: ruleTable[name].value * factor });
      test(`${name}, ${word}: something is judged wrongly (${ruleTable[name].why})`, () => {
        const misjudged = watches.filter(({ drawn, watch }) => wrong(drawn, watch.verdict(rules)) !== '');
        assert.ok(misjudged.length > 0, `no drawn program needs ${name}: does the judge?`);
      });
    }
  }
});
