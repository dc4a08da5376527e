// A text report as the command line prints it.
import {
  applyUrlParameters,
  defaultOptions,
  OptionError,
  type ReportCommand,
  ReportError,
  runReport,
} from '@stackpile/report';
import { drawableDot } from '../../graph/drawable.ts';
import { EngineError } from '../error.ts';
import type { Profiles, StackQuery } from '../profiles.ts';

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

/** `hide` of libraries for the text reports, which filter by expression. */
const librariesPattern = String.raw`node_modules/|^node:|/pkg/mod/|@v\d|^runtime\.|^net/|^internal/`;

/** Prints a report. */
export function text(profiles: Profiles, query: TextQuery): TextAnswer {
  const { profile } = profiles.entry(query.profile);
  const command: ReportCommand = { kind: query.report };
  const parameters = new URLSearchParams();
  const put = (key: string, value: string): void => {
    if (value !== '') parameters.set(key, value);
  };
  put('f', query.focus);
  put('i', query.ignore);
  put('h', query.hide);
  put('s', query.show);
  put('sf', query.showFrom);
  put('si', query.sampleType);
  if (query.report === 'dot') put('n', String(query.nodes));
  if (query.libraries === 'hide' && query.hide === '') put('h', librariesPattern);
  let output;
  try {
    output = runReport(profile, command, applyUrlParameters(defaultOptions(), parameters));
  } catch (error) {
    if (error instanceof ReportError || error instanceof OptionError)
      throw new EngineError('REPORT', error.message);
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
