// Works on the reference cases: node --conditions=stackpile-source scripts/golden.ts [--group G] [--case ID] [--diff] [--failing]
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { checkCase, type Difference, goldenCases } from '../packages/cli/test/pprof/golden.ts';

const { values } = parseArgs({
  options: {
    group: { type: 'string', multiple: true },
    case: { type: 'string', multiple: true },
    diff: { type: 'boolean', default: false },
    failing: { type: 'boolean', default: false },
  },
});

function showDiff(differences: readonly Difference[]): void {
  const folder = mkdtempSync(join(tmpdir(), 'stackpile-diff-'));
  for (const { what, expected, actual } of differences) {
    writeFileSync(join(folder, `expected.${what}`), expected);
    writeFileSync(join(folder, `printed.${what}`), actual);
    const diff = spawnSync('diff', ['-a', '-U2', `expected.${what}`, `printed.${what}`], { cwd: folder });
    console.log(diff.stdout.toString('utf8').split('\n').slice(0, 60).join('\n'));
  }
  rmSync(folder, { recursive: true, force: true });
}

const counts = new Map<string, { passed: number; total: number }>();
for (const one of goldenCases()) {
  if (values.group !== undefined && !values.group.includes(one.group)) continue;
  if (values.case !== undefined && !values.case.includes(one.id)) continue;
  const count = counts.get(one.group) ?? { passed: 0, total: 0 };
  counts.set(one.group, count);
  count.total++;
  let differences: Difference[];
  let thrown: unknown;
  try {
    differences = await checkCase(one);
  } catch (error) {
    thrown = error;
    differences = [];
  }
  if (thrown === undefined && differences.length === 0) {
    count.passed++;
    continue;
  }
  if (values.diff || values.failing || values.case !== undefined) {
    const why = thrown === undefined ? differences.map((d) => d.what).join(' ') : 'thrown';
    console.log(`${one.id} (${why}): ${one.args.join(' ')}`);
  }
  if (values.diff) {
    if (thrown !== undefined) console.log(thrown);
    showDiff(differences);
  }
}
let passed = 0;
let total = 0;
for (const [group, count] of [...counts].sort((a, b) => a[0].localeCompare(b[0]))) {
  console.log(`${group.padEnd(14)} ${count.passed}/${count.total}`);
  passed += count.passed;
  total += count.total;
}
console.log(`${'all'.padEnd(14)} ${passed}/${total}`);
process.exitCode = passed === total ? 0 : 1;
