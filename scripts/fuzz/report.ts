// The section of docs/reliability.md that tells what the last run of the fuzzer found.
import { EXPRESSION_BYTES, EXPRESSION_MS, FLOOR_BYTES, MOST_MS, MOST_RATIO } from './measure.ts';
import { formats } from './seeds.ts';
import type { Tally, Worst } from './tally.ts';

/** A run, finished or not. */
export interface FuzzRun {
  readonly seed: number;
  readonly corpus: string;
  /** Milliseconds since 1970 of the end. */
  readonly ended: number;
  /** Seconds that workers were at work, added up. */
  readonly workSeconds: number;
  readonly node: string;
  readonly tally: Tally;
  /** Of the failures, how many there are still when their inputs are run again at the end. */
  readonly broken: number;
}

const BEGIN = '<!-- written by scripts/fuzz.ts -->';
const END = '<!-- end of what scripts/fuzz.ts writes -->';

const kilobytes = (bytes: number): string => `${(bytes / 1000).toFixed(bytes < 10_000 ? 1 : 0)} kB`;

function timeText(worst: Worst | null): string {
  if (worst === null) return '–';
  return `${worst.value.toFixed(0)} ms of CPU (${worst.format}, ${kilobytes(worst.size)}, input ${worst.index})`;
}

function perSizeText(worst: Worst | null): string {
  if (worst === null) return '–';
  const per = (worst.value / worst.size) * 100_000;
  return `${per.toFixed(0)} ms (${worst.format}, ${kilobytes(worst.size)}, input ${worst.index})`;
}

function memoryText(worst: Worst | null): string {
  if (worst === null) return '–';
  const ratio = (worst.value / worst.size).toFixed(1);
  return `${ratio} × (${worst.format}, ${kilobytes(worst.size)}, input ${worst.index})`;
}

function brokenText(found: number, broken: number): string {
  if (found === 0) return '0';
  return `${found} on the way; ${broken} of these when their inputs were run again at the end, with the code and the limits as they were then`;
}

/** The section as Markdown. */
export function reportSection({ seed, corpus, ended, workSeconds, node, tally, broken }: FuzzRun): string {
  const failed = new Set(tally.failures.map(({ index }) => index));
  /** A figure of an input that broke a promise is one of the code as it was then. */
  const then = (worst: Worst | null): string =>
    worst !== null && failed.has(worst.index) ? '; broke a promise' : '';
  const rows = formats.map((format) => {
    const { inputs, accepted } = tally.formats[format] ?? { inputs: 0, accepted: 0 };
    const share = inputs === 0 ? 0 : (100 * accepted) / inputs;
    return `| ${format} | ${inputs.toLocaleString('en')} | ${share.toFixed(0)} % |`;
  });
  const largest =
    tally.largest === null
      ? '–'
      : `${Math.round(tally.largest.value / 2 ** 20)} MiB (${tally.largest.format}, ${kilobytes(tally.largest.size)})`;
  return `${BEGIN}
| the last run | |
|---|---|
| date | ${new Date(ended).toISOString().slice(0, 10)} |
| inputs | ${tally.inputs.toLocaleString('en')}, ${(tally.bytes / 1e6).toFixed(0)} MB in all; seed ${seed}, corpus ${corpus}, Node ${node} |
| seconds of work | ${workSeconds.toFixed(0)}, in up to two processes |
| read / refused with a sentence | ${tally.accepted.toLocaleString('en')} / ${tally.refused.toLocaleString('en')} |
| slowest input | ${timeText(tally.slowest)}${then(tally.slowest)} |
| slowest per 100 kB, of inputs of 100 kB and more | ${perSizeText(tally.slowestPerByte)}${then(tally.slowestPerByte)} |
| most memory of one input measured alone | ${largest}${then(tally.largest)} |
| most memory per byte, where ${MOST_RATIO} × the input is above the floor | ${memoryText(tally.largestPerByte)}${then(tally.largestPerByte)} |
| promises broken | ${brokenText(tally.failures.length, broken)} |

| format | inputs | read |
|---|---|---|
${rows.join('\n')}

Limits: ${MOST_MS / 1000} s of CPU time per started 100 kB; ${MOST_RATIO} × the input in memory, but ${FLOOR_BYTES / 2 ** 20} MiB are free for any, and
${EXPRESSION_MS / 1000} s and ${EXPRESSION_BYTES / 2 ** 20} MiB for a regular expression, which may repeat as much as Go lets it.
${END}`;
}

/** The page with the section put in, in place of the last one. */
export function withSection(page: string, section: string): string {
  const from = page.indexOf(BEGIN);
  const to = page.indexOf(END);
  if (from < 0 || to < from) throw new Error(`the page has no section between "${BEGIN}" and "${END}"`);
  return page.slice(0, from) + section + page.slice(to + END.length);
}
