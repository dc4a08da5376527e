// `stackpile verify`: a program without a fix and with it in, and whether the fix holds out.
import { LeaksError, type ProcessVerdict, verify } from '@stackpile/leaks';
import { SourceError } from '@stackpile/sources';
import type { CliIo } from '../io.ts';
import { suiteOfFix } from './cases.ts';
import { judge } from './command.ts';
import {
  type LeaksOptions,
  type OutputForm,
  parseVerifyArgs,
  UsageError,
  verifyUsage,
} from './command-line.ts';
import { githubVerification } from './github.ts';
import type { Judgement } from './judged.ts';
import { junitReport } from './junit.ts';
import { markdownVerification } from './markdown.ts';
import { type FileForm, OutputError, writeOutputs } from './output-files.ts';
import { renderVerification } from './render.ts';
import { sarifReport } from './sarif.ts';
import { paintFor, visible, widthFor } from './terminal.ts';
import { type VerifyReport, verifyReport } from './json.ts';
import { type WatchIo, withInterrupt } from './watch-io.ts';

/** Judges one side, whatever it is: both must be judged as processes. */
async function judgeSide(
  side: string,
  options: LeaksOptions,
  io: WatchIo,
): Promise<Judgement & { readonly process: ProcessVerdict }> {
  const { judged, process } = await judge(options, io);
  if (process === null)
    throw new UsageError(`${side}: these profiles count nothing that a verdict on a process knows`);
  return { judged, process };
}

function print(report: VerifyReport, form: OutputForm | FileForm, io: CliIo): string {
  switch (form) {
    case 'json':
      return `${JSON.stringify(report, null, 2)}\n`;
    case 'markdown':
      return markdownVerification(report);
    case 'github':
      return githubVerification(report, io.cwd);
    case 'junit':
      return junitReport([suiteOfFix(report)]);
    case 'sarif':
      return sarifReport([suiteOfFix(report)], io.cwd);
    case 'text':
      return `${renderVerification(report, paintFor(io), widthFor(io)).join('\n')}\n`;
  }
}

/** Runs `stackpile verify` with the arguments after `verify`; resolves to the exit status. */
export async function runVerify(argv: readonly string[], io: CliIo): Promise<number> {
  const complain = (message: string): number => {
    io.stderr.write(`stackpile verify: ${visible(message, 2000)}\n`);
    return 2;
  };
  try {
    const options = parseVerifyArgs(argv);
    if (options === 'help') {
      io.stdout.write(verifyUsage);
      return 0;
    }
    const report = await withInterrupt(io, async (watchIo) => {
      // One after the other: two services that are watched at once would share the machine, and their load.
      const before = await judgeSide('--before', options.before, watchIo);
      const after = await judgeSide('--after', options.after, watchIo);
      return verifyReport(verify(before.process, after.process), before, after);
    });
    const { form, outputs } = options.before;
    io.stdout.write(print(report, form, io));
    writeOutputs(outputs, (one) => print(report, one, io), io.cwd);
    return report.exitStatus;
  } catch (error) {
    if (error instanceof UsageError)
      return complain(`${error.message} (stackpile verify --help lists the options)`);
    if (error instanceof SourceError || error instanceof LeaksError || error instanceof OutputError)
      return complain(error.message);
    throw error;
  }
}
