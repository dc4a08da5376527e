// Every reference case of the real pprof gives the same bytes, the same messages and the same exit code.
import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';
import { unlessCi } from '../../../../testing/ci.ts';
import { checkCase, goldenCases, haveFixtures, type GoldenCase, runAsProcess } from './golden.ts';

const passed = new Map<string, number>();
const total = new Map<string, number>();

function count(map: Map<string, number>, group: string): void {
  map.set(group, (map.get(group) ?? 0) + 1);
}

function explain(differences: Awaited<ReturnType<typeof checkCase>>): string {
  return differences
    .map(
      (d) =>
        `${d.what} expected:\n${d.expected.toString('utf8')}\n${d.what} printed:\n${d.actual.toString('utf8')}`,
    )
    .join('\n')
    .slice(0, 6000);
}

/** Cases that also run as real processes: files, stdin, exit codes, gzip on a pipe, the shell. */
const asProcess = new Set([
  'text-cpu-small',
  'error-09',
  'shell-topn',
  'output-top',
  'merge-08',
  'tz-kolkata-shell',
]);

if (!haveFixtures) {
  test('reference cases', {
    skip: unlessCi('the reference cases are not beside this checkout'),
  }, () => {
    assert.fail('CI needs the reference cases beside the checkout');
  });
} else {
  const groups = new Map<string, GoldenCase[]>();
  for (const one of goldenCases()) groups.set(one.group, [...(groups.get(one.group) ?? []), one]);
  /** Files that pprof refuses and that are read here: Go's texts of `debug=2`. */
  const readBeyond = new Set(['real-25']);
  describe('reference cases', () => {
    test('what pprof refuses and we read is read', async () => {
      for (const one of [...groups.values()].flat().filter(({ id }) => readBeyond.has(id))) {
        assert.notEqual(one.exitCode, 0);
        assert.ok((await checkCase(one)).length > 0, one.id);
      }
    });
    for (const [group, cases] of groups) {
      describe(group, () => {
        for (const one of cases.filter(({ id }) => !readBeyond.has(id))) {
          test(one.id, async () => {
            count(total, group);
            const differences = await checkCase(one);
            assert.equal(differences.length, 0, `pprof ${one.args.join(' ')}\n${explain(differences)}`);
            count(passed, group);
          });
        }
      });
    }
    test('a handful as processes of their own', async (t) => {
      for (const one of [...groups.values()]
        .flat()
        .filter((c) => asProcess.has(c.id) || c.id === 'proto-00')) {
        await t.test(one.id, async () => {
          const differences = await checkCase(one, runAsProcess);
          assert.equal(differences.length, 0, `pprof ${one.args.join(' ')}\n${explain(differences)}`);
        });
      }
    });
    after(() => {
      const rows = [...total].map(([group, n]) => `${group} ${passed.get(group) ?? 0}/${n}`);
      const sum = (map: Map<string, number>): number => [...map.values()].reduce((a, b) => a + b, 0);
      console.log(`reference cases: ${sum(passed)}/${sum(total)} equal (${rows.join(', ')})`);
    });
  });
}
