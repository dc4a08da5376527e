// A judgement in the form that was asked for.
import type { ProcessVerdict } from '@stackpile/leaks';
import type { CliIo } from '../io.ts';
import { suiteOf } from './cases.ts';
import type { LeaksOptions, OutputForm } from './command-line.ts';
import { githubVerdict } from './github.ts';
import type { Judged, Judgement } from './judged.ts';
import { jsonReport } from './json.ts';
import { junitReport } from './junit.ts';
import { markdownVerdict } from './markdown.ts';
import type { FileForm } from './output-files.ts';
import { renderProcess, renderVerdict } from './render.ts';
import { sarifReport } from './sarif.ts';
import { paintFor, widthFor } from './terminal.ts';

/** Of the verdicts of a balance those that say more than it: on what is convicted, else on what may be. */
function told(judged: readonly Judged[], { kind }: ProcessVerdict, all: boolean): readonly Judged[] {
  return judged.filter(({ verdict }) =>
    kind === 'leak' ? verdict.kind === 'leak' : all || verdict.findings[0]?.kind === 'growing',
  );
}

/** How the text of a judgement is written. */
export interface TextOptions {
  /** Also what does not grow. */
  readonly all: boolean;
  /** Whether it ends with commands for a shell. */
  readonly commands: boolean;
}

/** The verdict as a person reads it. */
export function judgementText(
  { judged, process }: Judgement,
  { all, commands }: TextOptions,
  io: CliIo,
): string {
  const columns = widthFor(io);
  const paint = paintFor(io);
  const shown = process === null ? judged : told(judged, process, all);
  const parts = shown.map(({ verdict, sources, base }) =>
    renderVerdict(verdict, {
      columns,
      paint,
      all,
      several: shown.length > 1,
      base: commands ? base : null,
      files: commands && base === null ? sources : [],
      nextSaid: process !== null || !commands,
    }),
  );
  if (process !== null) parts.unshift(renderProcess(process, paint, columns));
  return `${parts.map((lines) => lines.join('\n')).join('\n\n')}\n`;
}

/** What `stackpile leaks` prints or writes in a form. */
export function printJudgement(
  judgement: Judgement,
  form: OutputForm | FileForm,
  options: LeaksOptions,
  io: CliIo,
): string {
  switch (form) {
    case 'json':
      return `${JSON.stringify(jsonReport(judgement.judged, judgement.process), null, 2)}\n`;
    case 'markdown':
      return markdownVerdict(judgement);
    case 'github':
      return githubVerdict(judgement, io.cwd);
    case 'junit':
      return junitReport([suiteOf('stackpile leaks', judgement)]);
    case 'sarif':
      return sarifReport([suiteOf('stackpile leaks', judgement)], io.cwd);
    case 'text':
      return judgementText(judgement, { all: options.all, commands: true }, io);
  }
}
