// The entry point of the room: one profile, one command, one set of options in; one report out.
// Upstream: google/pprof internal/report/report.go, 2025-11-14
import type { Profile } from '@stackpile/profile';
import type { ReportCommand } from './commands.ts';
import { PrepareError } from './errors.ts';
import { ReportError } from './report-error.ts';
import type { ReportOptions } from './options.ts';
import type { ReportContext } from './context.ts';
import { type PreparedReport, prepareReport } from './prepare.ts';
import { printCallgrind } from './print/callgrind.ts';
import { explainDisasm } from './print/disasm.ts';
import { makePicture, printDot } from './print/dot.ts';
import { protoProfile, topProfile } from './print/proto.ts';
import { printComments, printRaw } from './print/raw.ts';
import { printList } from './source/list.ts';
import { printWeblist } from './source/weblist.ts';
import { printTags } from './print/tags.ts';
import { printText } from './print/text.ts';
import { printTraces } from './print/traces.ts';
import { printTree } from './print/tree.ts';

/** A finished report. */
export type ReportOutput = { readonly warnings: readonly string[] } & (
  | {
      /** Text; {@link encodeText} of each chunk gives its exact bytes. Taking chunks never throws. May be iterated once. */
      readonly type: 'text';
      readonly chunks: Iterable<string>;
    }
  | { readonly type: 'bytes'; readonly bytes: Uint8Array }
  | {
      /** A profile to be encoded (and compressed) by the caller. */
      readonly type: 'profile';
      readonly profile: Profile;
    }
);

/**
 * Makes the report `command` of `profile`, as `go tool pprof` would after fetching, merging, symbolizing and dropping frames.
 * Throws {@link ReportError}.
 */
export function runReport(
  profile: Profile,
  command: ReportCommand,
  options: ReportOptions,
  context: ReportContext = {},
): ReportOutput {
  const warnings: string[] = [];
  try {
    const report = prepareReport(profile, command, options, warnings, context.origin);
    return { ...makeOutput(report, context, warnings), warnings };
  } catch (error) {
    if (error instanceof PrepareError) throw new ReportError(error.message, warnings);
    throw error;
  }
}

type Output = ReportOutput extends infer O ? (O extends unknown ? Omit<O, 'warnings'> : never) : never;

function makeOutput(report: PreparedReport, context: ReportContext, warnings: string[]): Output {
  const { timeZone, sources, terminal } = context;
  switch (report.kind) {
    case 'text':
    case 'top':
      return { type: 'text', chunks: printText(report, timeZone, terminal) };
    case 'tree':
    case 'peek':
      return { type: 'text', chunks: printTree(report, timeZone, terminal) };
    case 'traces':
      return { type: 'text', chunks: printTraces(report, timeZone) };
    case 'tags':
      return { type: 'text', chunks: [printTags(report)] };
    case 'raw':
      return { type: 'text', chunks: printRaw(report, timeZone) };
    case 'comments':
      return { type: 'text', chunks: [printComments(report)] };
    case 'dot':
      return { type: 'text', chunks: printDot(makePicture(report, timeZone)) };
    case 'callgrind':
      return { type: 'text', chunks: printCallgrind(report) };
    case 'proto':
      return { type: 'profile', profile: protoProfile(report) };
    case 'topproto':
      return { type: 'profile', profile: topProfile(report) };
    case 'disasm': {
      const { message, output } = explainDisasm(report, sources);
      throw new ReportError(message, warnings, output);
    }
    case 'list':
      return { type: 'text', chunks: printList(report, context) };
    case 'weblist':
      return { type: 'text', chunks: printWeblist(report, context) };
  }
}
