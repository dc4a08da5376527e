// Which stacks a question is about, and the options of a report that mean the same.
import { defaultOptions, type ReportOptions } from '@stackpile/report/filters';
import type { FrameGranularity } from '@stackpile/report/flame';
import { filtersOf, type StackFilters } from '../stack-filters.ts';

/** Which stacks a question is about. */
export interface StackQuery extends StackFilters {
  readonly profile: number;
  /** Profile to compare with, null for none. */
  readonly base: number | null;
  /** Name of the sample type, '' for the default. */
  readonly sampleType: string;
  readonly granularity: FrameGranularity;
}

/** The options of a report of the sample type `valueIndex` that leaves what `query` leaves. */
export function reportOptions(query: StackQuery, valueIndex: number): ReportOptions {
  return {
    ...defaultOptions(),
    sample_index: String(valueIndex),
    focus: query.focus,
    ignore: query.ignore,
    prune_from: query.pruneFrom,
    hide: query.hide,
    show: query.show,
    show_from: query.showFrom,
    tagfocus: query.tagFocus,
    tagignore: query.tagIgnore,
    tagroot: query.tagRoot,
    tagleaf: query.tagLeaf,
    hide_libs: query.libraries === 'hide',
    mine: query.libraries === 'mine',
  };
}

/** Equal for queries about the same stacks; questions have other members beside. */
export function keyOf(query: StackQuery): string {
  const { profile, base, sampleType, granularity } = query;
  return JSON.stringify({ profile, base, sampleType, granularity, ...filtersOf(query) });
}
