// The public face of the report room.
export {
  type CommandName,
  commandNames,
  commandSpec,
  commandTable,
  isCommandName,
  type PatternKind,
  type PlainKind,
  type ReportCommand,
  reportCommand,
} from './commands.ts';
export {
  applyUrlParameters,
  configurableNames,
  defaultOptions,
  type ExtensionName,
  extensionNames,
  extensionTable,
  formatGoFloat,
  isExtensionName,
  isOptionName,
  OptionError,
  type OptionName,
  type OptionSpec,
  optionHelp,
  optionNames,
  optionOfChoice,
  optionSpec,
  optionTable,
  optionText,
  parseGoBool,
  parseGoFloat,
  parseGoInt,
  type ReportOptions,
  setOption,
  type UrlParameters,
  urlParameters,
} from './options.ts';
export type {
  FileContent,
  GoFolders,
  ReportContext,
  SourceFiles,
  Terminal,
  TimeZone,
  ZoneTime,
} from './context.ts';
export { ReportError } from './report-error.ts';
export { type ReportOutput, runReport } from './report.ts';
export { demangle, type DemangleMode, readableName } from './names/demangle/demangle.ts';
export { type ReadableNamesOptions, withReadableNames } from './names/readable-names.ts';
export { compilePattern, type Pattern } from './go/regexp.ts';
export { type Greeting, greeting, sampleTypeName } from './greeting.ts';
export { type ExportKind, runExport } from './export/export.ts';
export type { JsonReport } from './export/json.ts';
export {
  type Comparison,
  type ComparisonRow,
  compareProfiles,
  type NamedProfile,
  printComparison,
} from './compare.ts';
export { differenceNoise, isWithinNoise, type Noise } from './difference.ts';
export { makePicture, type Picture, printDot } from './print/dot.ts';
export { fitTexts } from './print/fit-text.ts';
export { baseName } from './names/paths.ts';
export { type PreparedReport, prepareReport, ValueFormat } from './prepare.ts';
export { type FilteredProfile, filterProfile } from './filters/filter-profile.ts';
export { withoutEmptyLabels } from './filters/tag-filter.ts';
export { type TextItem, textItems } from './print/text.ts';
export { visibleLines } from './print/terminal.ts';
export { GoPlaces } from './source/go-places.ts';
export { withOriginals } from './source/original.ts';
