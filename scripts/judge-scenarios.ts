// Prints how many of the labelled Go scenarios are judged right, in each form of dump. Usage: judge-scenarios.ts [-v]
import { join } from 'node:path';
import process from 'node:process';
import { findLeaks } from '@stackpile/leaks';
import {
  dumpsOf,
  fixtures,
  goroutineForms,
  haveFixtures,
  judgeScenarios,
} from '../packages/leaks/test/scenarios.ts';
import { inCi } from '../testing/ci.ts';

if (!haveFixtures) {
  process.stdout.write(
    'The labelled scenarios (../shared/fixtures/scenarios) are not beside this clone: nothing to judge.\n',
  );
  process.exit(inCi ? 1 : 0);
}

const verbose = process.argv.includes('-v');
const judged = await judgeScenarios();
for (const { label, form, verdict, right, why } of judged) {
  process.stdout.write(`${right ? 'right' : 'WRONG'}  ${label.name} · ${form}${right ? '' : `: ${why}`}\n`);
  if (verbose || !right) {
    process.stdout.write(`       ${verdict.sentence}\n`);
    if (verbose) {
      for (const finding of verdict.findings.slice(0, 4)) {
        process.stdout.write(`       · ${finding.kind} ${finding.confidence} ${finding.sentence}\n`);
      }
    }
  }
}
for (const form of new Set(judged.map((one) => one.form))) {
  const of = judged.filter((one) => one.form === form);
  process.stdout.write(`${form}: ${of.filter((one) => one.right).length} of ${of.length} right\n`);
}
for (const twin of ['leaky', 'ctxonly', 'fixed']) {
  for (const form of [...goroutineForms, 'heap.pb.gz']) {
    const verdict = findLeaks(await dumpsOf(join(fixtures, 'go', twin), form));
    process.stdout.write(`${twin} · ${form}: ${verdict.kind}: ${verdict.sentence}\n`);
    if (verbose) {
      for (const finding of verdict.findings.slice(0, 4)) {
        process.stdout.write(`       · ${finding.kind} ${finding.confidence} ${finding.sentence}\n`);
      }
    }
  }
}
