// What a report keeps of a profile, without the reports: options, patterns, filters. It is small enough for a page.
export { ReportError } from '../report-error.ts';
export { compilePattern, type Pattern } from '../go/regexp.ts';
export { defaultOptions, type ReportOptions } from '../options.ts';
export { type FilteredProfile, filterProfile } from './filter-profile.ts';
