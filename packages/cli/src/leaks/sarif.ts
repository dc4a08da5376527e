// Findings as SARIF 2.1.0, which code scanning shows on the line to mend.
// The format: OASIS, Static Analysis Results Interchange Format (SARIF) Version 2.1.0, sections 3.13 to 3.59.
import { createHash } from 'node:crypto';
import { isAbsolute } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Finding, StackFrame } from '@stackpile/leaks';
import { shortName } from '@stackpile/profile';
import type { Suite } from './cases.ts';
import { guiltyFrame, placeOf, reportedFrame } from './places.ts';
import { visible } from './terminal.ts';

const SCHEMA = 'https://json.schemastore.org/sarif-2.1.0.json';
const HELP = 'https://github.com/stackpile/stackpile/blob/main/docs/verdicts.md';
const rules = [
  {
    id: 'leak',
    name: 'Leak',
    shortDescription: { text: 'Something piles up that is never released.' },
    helpUri: HELP,
    defaultConfiguration: { level: 'error' },
  },
];

/** A path as a reference to it: relative ones are meant from the folder that the command ran in. */
function uriOf(file: string): string {
  if (isAbsolute(file)) return pathToFileURL(file).href;
  return file.split(/[\\/]/u).map(encodeURIComponent).join('/');
}

function locationOf(frame: StackFrame, cwd: string): object | null {
  const place = reportedFrame(frame, cwd);
  if (place === null) return null;
  return {
    physicalLocation: {
      artifactLocation: { uri: uriOf(place.file) },
      ...(place.line > 0 ? { region: { startLine: place.line } } : {}),
    },
    logicalLocations: [{ fullyQualifiedName: visible(frame.name), kind: 'function' }],
  };
}

/** The same leak in a later run has the same one: line numbers move, names and files seldom do. */
function fingerprintOf(finding: Finding): string {
  const frame = guiltyFrame(finding);
  const told = frame === null ? finding.sentence : `${frame.name}\n${frame.file.replace(/^.*[/\\]/u, '')}`;
  return createHash('sha256').update(told).digest('hex').slice(0, 32);
}

function resultOf(finding: Finding, cwd: string): object {
  const frame = guiltyFrame(finding);
  const location = frame === null ? null : locationOf(frame, cwd);
  const advice = finding.advice === '' ? '' : ` ${visible(finding.advice, 1000)}`;
  const frames = finding.stack.slice(0, 100).map((one) => ({
    location: {
      ...locationOf(one, cwd),
      message: { text: visible(`${shortName(one.name)} ${placeOf(one)}`.trimEnd()) },
    },
  }));
  return {
    ruleId: 'leak',
    ruleIndex: 0,
    level: 'error',
    message: { text: `${visible(finding.sentence, 2000)}${advice}` },
    locations: location === null ? [] : [location],
    ...(frames.length === 0 ? {} : { stacks: [{ message: { text: 'the stack that piles up' }, frames }] }),
    partialFingerprints: { 'stackpile/v1': fingerprintOf(finding) },
  };
}

/** The file that `--sarif` writes: a result for each leak, a notification for what could not be told. */
export function sarifReport(suites: readonly Suite[], cwd: string): string {
  const cases = suites.flatMap((suite) => suite.cases);
  const results = cases
    .filter(({ outcome }) => outcome === 'failed')
    .flatMap(({ findings }) => findings.map((finding) => resultOf(finding, cwd)));
  const notifications = cases
    .filter(
      ({ outcome, findings }) => outcome === 'unsure' || (outcome === 'failed' && findings.length === 0),
    )
    .map(({ outcome, sentence }) => ({
      level: outcome === 'failed' ? 'error' : 'warning',
      message: { text: visible(sentence, 2000) },
    }));
  const run = {
    tool: { driver: { name: 'stackpile', informationUri: 'https://github.com/stackpile/stackpile', rules } },
    invocations: [{ executionSuccessful: true, toolExecutionNotifications: notifications }],
    results,
    columnKind: 'utf16CodeUnits',
  };
  return `${JSON.stringify({ $schema: SCHEMA, version: '2.1.0', runs: [run] }, null, 2)}\n`;
}
