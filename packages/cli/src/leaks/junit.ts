// Cases as JUnit's XML, which every CI shows as a table of tests.
import type { Case, Suite } from './cases.ts';
import { placeOf } from './places.ts';
import { visible } from './terminal.ts';

/** Text in an attribute or an element: nothing of it is markup, nor a character that XML has not. */
function xml(text: string, most = 2000): string {
  return visible(text, most)
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
    .replaceAll(/[\ufffe\uffff]/gu, '\ufffd');
}

function failureText({ sentence, findings }: Case): string {
  const lines = findings.flatMap((finding) => [
    finding.sentence,
    ...(finding.advice === '' ? [] : [finding.advice]),
    ...finding.stack.map((frame) => `    ${frame.name}  ${placeOf(frame)}`),
  ]);
  return (lines.length === 0 ? [sentence] : lines).map((line) => xml(line)).join('\n');
}

function caseElement(suite: string, one: Case): string {
  const head = `    <testcase classname="${xml(suite)}" name="${xml(one.name)}"`;
  if (one.outcome === 'passed') return `${head}/>`;
  const [element, type] = one.outcome === 'failed' ? ['failure', 'leak'] : ['error', 'could-not-tell'];
  return `${head}>
      <${element} type="${type}" message="${xml(one.sentence)}">${failureText(one)}</${element}>
    </testcase>`;
}

function counts(cases: readonly Case[]): string {
  const of = (outcome: Case['outcome']): number => cases.filter((one) => one.outcome === outcome).length;
  return `tests="${cases.length}" failures="${of('failed')}" errors="${of('unsure')}" skipped="0"`;
}

/** The file that `--junit` writes: a leak is a failure, what could not be told is an error. */
export function junitReport(suites: readonly Suite[]): string {
  const lines = suites.map(
    ({ name, cases }) => `  <testsuite name="${xml(name)}" ${counts(cases)}>
${cases.map((one) => caseElement(name, one)).join('\n')}
  </testsuite>`,
  );
  return `<?xml version="1.0" encoding="UTF-8"?>
<testsuites name="stackpile" ${counts(suites.flatMap(({ cases }) => cases))}>
${lines.join('\n')}
</testsuites>
`;
}
