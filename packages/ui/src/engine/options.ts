// What a question asks for, as the options of the reports: so that both mean the same.
import { defaultOptions, type ReportOptions } from '@stackpile/report/filters';
import type { StackQuery } from './profiles.ts';

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
    hide_libs: query.libraries === 'hide',
    mine: query.libraries === 'mine',
  };
}
