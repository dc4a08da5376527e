// What comes of a run: a verdict on each of its processes, one status for all, and how that is told.
import type { LeaksReport } from '@stackpile/leaks';
import type { CliIo } from '../io.ts';
import { suiteOf, type Suite } from '../leaks/cases.ts';
import type { OutputForm } from '../leaks/command-line.ts';
import { githubVerdict } from '../leaks/github.ts';
import { exitStatus, type Judgement } from '../leaks/judged.ts';
import { jsonReport } from '../leaks/json.ts';
import { junitReport } from '../leaks/junit.ts';
import { markdownVerdict } from '../leaks/markdown.ts';
import type { FileForm } from '../leaks/output-files.ts';
import { judgementText } from '../leaks/print.ts';
import { sarifReport } from '../leaks/sarif.ts';
import { visible } from '../leaks/terminal.ts';
import { type Ending } from './program.ts';

/** A process that was watched; without a judgement there is a problem. */
export interface Watched {
  readonly pid: number;
  /** Of its program: `server.js`. */
  readonly name: string;
  readonly judgement: Judgement | null;
  readonly problem: string;
}

/** A process that is judged. */
type Judged = Watched & { readonly judgement: Judgement };

/** What comes of a run. */
export interface RunVerdict {
  readonly exitStatus: 0 | 1 | 2;
  readonly sentence: string;
  /** Those whose verdict counts, leaks first. */
  readonly judged: readonly Judged[];
  /** How the program ended, where it did so by itself; null where it was ended when the time was over. */
  readonly byItself: Ending | null;
}

/** What `stackpile run --json` prints. Within version 1 fields are only ever added. */
interface RunReport {
  readonly schema: 'stackpile.run/1';
  readonly exitStatus: 0 | 1 | 2;
  readonly sentence: string;
  readonly program: Ending | { readonly kind: 'ended' };
  readonly processes: readonly {
    readonly pid: number;
    readonly name: string;
    readonly report: LeaksReport;
  }[];
}

function statusOf({ judged, process }: Judgement): 0 | 1 | 2 {
  return process?.exitStatus ?? exitStatus(judged);
}

function looksOf({ process, judged }: Judgement): number {
  return process?.looks ?? judged[0]?.verdict.series.dumps ?? 0;
}

/** Processes that were there for less than this share of the time of the longest are helpers. */
const MAIN_SHARE = 0.5;
const order = { 1: 0, 2: 1, 0: 2 } as const;

/** Whose verdict counts: whoever leaks, and of the others who was there for long enough to be what the program is about. */
function counting(watched: readonly Watched[]): Judged[] {
  const judged = watched.filter((one): one is Judged => one.judgement !== null);
  const most = Math.max(0, ...judged.map(({ judgement }) => looksOf(judgement)));
  return judged
    .filter(({ judgement }) => statusOf(judgement) === 1 || looksOf(judgement) >= most * MAIN_SHARE)
    .toSorted((a, b) => order[statusOf(a.judgement)] - order[statusOf(b.judgement)]);
}

/**
 * The verdict on a run.
 *
 * @param byItself how the program ended, null where it had to be told
 * @param arrived processes that told of themselves, watched or not
 */
export function runVerdict(
  watched: readonly Watched[],
  byItself: Ending | null,
  arrived: number,
): RunVerdict {
  const judged = counting(watched);
  const [first] = judged;
  if (first === undefined) {
    const problem = watched.find((one) => one.problem !== '')?.problem;
    const sentence =
      arrived === 0
        ? 'Could not tell: no Node process (20.19 or later) of the program told of itself.'
        : `Could not tell: no process was there for long enough to be judged${problem === undefined ? '' : ` (${problem})`}.`;
    return { exitStatus: 2, sentence, judged: [], byItself };
  }
  const { judgement } = first;
  const sentence = judgement.process?.sentence ?? judgement.judged[0]?.verdict.sentence ?? '';
  return { exitStatus: statusOf(judgement), sentence, judged, byItself };
}

const nameOf = ({ name, pid }: Watched): string => `${visible(name, 100)} (process ${pid})`;

function suites({ judged, sentence }: RunVerdict): Suite[] {
  if (judged.length === 0)
    return [
      { name: 'stackpile run', cases: [{ name: 'balance', outcome: 'unsure', sentence, findings: [] }] },
    ];
  return judged.map((one) => suiteOf(nameOf(one), one.judgement));
}

function report({ exitStatus: status, sentence, judged, byItself }: RunVerdict): RunReport {
  return {
    schema: 'stackpile.run/1',
    exitStatus: status,
    sentence,
    program: byItself ?? { kind: 'ended' },
    processes: judged.map(({ pid, name, judgement }) => ({
      pid,
      name,
      report: jsonReport(judgement.judged, judgement.process),
    })),
  };
}

/** What `stackpile run` prints or writes in a form. */
export function printRun(verdict: RunVerdict, form: OutputForm | FileForm, io: CliIo): string {
  const { judged, sentence } = verdict;
  switch (form) {
    case 'json':
      return `${JSON.stringify(report(verdict), null, 2)}\n`;
    case 'junit':
      return junitReport(suites(verdict));
    case 'sarif':
      return sarifReport(suites(verdict), io.cwd);
    case 'github':
      return judged.length === 0
        ? `::warning title=could not tell::${visible(sentence, 2000).replaceAll('%', '%25')}\n`
        : judged.map(({ judgement }) => githubVerdict(judgement, io.cwd)).join('');
    case 'markdown':
      if (judged.length === 0) return `## COULD NOT TELL\n\n${sentence}\n`;
      return judged
        .map(
          (one) =>
            `${markdownVerdict(one.judgement)}${judged.length > 1 ? `\nOf \`${nameOf(one).replaceAll('`', "'")}\`.\n` : ''}`,
        )
        .join('\n');
    case 'text': {
      const parts = judged.map((one) => {
        const text = judgementText(one.judgement, { all: false, commands: false }, io);
        return judged.length > 1 ? `${nameOf(one)}\n\n${text}` : text;
      });
      return judged.length === 0 ? `COULD NOT TELL\n\n  ${visible(sentence, 2000)}\n` : parts.join('\n');
    }
  }
}
