// A text report as the command line prints it.
import { ReportError, runReport } from '@stackpile/report';
import { drawableDot } from '../drawable.ts';
import { EngineError } from '../error.ts';
import { type Profiles, typeIndex } from '../profiles.ts';
import { reportOptions, type StackQuery } from '../stack-query.ts';

export interface TextQuery extends StackQuery {
  readonly report: 'raw' | 'dot' | 'traces' | 'tags';
  readonly nodes: number;
}

export interface TextAnswer {
  readonly text: string;
  readonly warnings: readonly string[];
  /** True where the text was cut at the limit. */
  readonly cut: boolean;
}

/** Longest text report sent to the page; the rest is for the download. */
const maxText = 2_000_000;

/** Prints a report. */
export function text(profiles: Profiles, query: TextQuery): TextAnswer {
  const { profile, summary } = profiles.entry(query.profile);
  const options = reportOptions(query, typeIndex(profile, query.sampleType, summary.defaultType));
  let output;
  try {
    output = runReport(
      profile,
      { kind: query.report },
      query.report === 'dot' ? { ...options, nodecount: query.nodes } : options,
    );
  } catch (error) {
    if (error instanceof ReportError) throw new EngineError('REPORT', error.message);
    throw error;
  }
  if (output.type !== 'text') throw new EngineError('REPORT', `The ${query.report} report is not text.`);
  // A graph is cut by its number of nodes, not in the middle of one.
  const limit = query.report === 'dot' ? 64_000_000 : maxText;
  const chunks: string[] = [];
  let length = 0;
  let cut = false;
  for (const chunk of output.chunks) {
    if (length + chunk.length > limit) {
      cut = true;
      break;
    }
    chunks.push(chunk);
    length += chunk.length;
  }
  const text = chunks.join('');
  return { text: query.report === 'dot' ? drawableDot(text) : text, warnings: output.warnings, cut };
}
