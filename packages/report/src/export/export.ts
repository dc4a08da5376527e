// The entry point of the exports: a filtered profile in the formats of other tools, and as tables for scripts.
import { encodeOtlp, type Profile } from '@stackpile/profile';
import { reportCommand } from '../commands.ts';
import { PrepareError } from '../errors.ts';
import { ReportError } from '../report-error.ts';
import { profileLabels } from '../print/header.ts';
import { protoProfile } from '../print/proto.ts';
import type { ReportOptions } from '../options.ts';
import { prepareReport, ValueFormat } from '../prepare.ts';
import type { ReportContext } from '../context.ts';
import type { ReportOutput } from '../report.ts';
import { cpuProfile } from './cpuprofile.ts';
import { exportedStacks } from './stacks.ts';
import { foldedStacks } from './folded.ts';
import { jsonReport } from './json.ts';
import { markdownReport } from './markdown.ts';
import { speedscope } from './speedscope.ts';

/** Every export. */
export type ExportKind = 'folded' | 'speedscope' | 'cpuprofile' | 'otlp' | 'markdown' | 'json';

/**
 * Makes an export of what pprof's options leave of `profile`: filters, sample type and granularity work as for reports.
 * Throws {@link ReportError}.
 */
export function runExport(
  profile: Profile,
  kind: ExportKind,
  options: ReportOptions,
  context: ReportContext = {},
): ReportOutput {
  const warnings: string[] = [];
  try {
    if (kind === 'otlp') {
      const report = prepareReport(profile, reportCommand('proto'), options, warnings);
      return { type: 'bytes', bytes: encodeOtlp(protoProfile(report)), warnings };
    }
    const text = exportText(profile, kind, options, context, warnings);
    return { type: 'text', chunks: [text], warnings };
  } catch (error) {
    if (error instanceof PrepareError) throw new ReportError(error.message, warnings);
    throw error;
  }
}

/** What a format has room for; speedscope takes frames at two lines for two functions. */
const defaults = { folded: '', speedscope: 'filefunctions', cpuprofile: 'lines' } as const;

function exportText(
  profile: Profile,
  kind: Exclude<ExportKind, 'otlp'>,
  options: ReportOptions,
  context: ReportContext,
  warnings: string[],
): string {
  if (kind === 'json' || kind === 'markdown') {
    const report = prepareReport(profile, reportCommand('top'), options, warnings);
    return kind === 'json' ? jsonReport(report) : markdownReport(report, context.timeZone);
  }
  const granularity = options.granularity === '' ? defaults[kind] : options.granularity;
  const report = prepareReport(profile, reportCommand('traces'), { ...options, granularity }, warnings);
  const stacks = exportedStacks(report);
  if (kind === 'folded') return foldedStacks(stacks);
  const labels = profileLabels(report, new ValueFormat(report), context.timeZone);
  const name =
    report.title === '' ? (labels[0] ?? report.sampleType) : `${report.title} ${report.sampleType}`;
  return kind === 'speedscope' ? speedscope(stacks, name) : cpuProfile(stacks, report.profile.timeNanos);
}
