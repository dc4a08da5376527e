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
  formatGoFloat,
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
export {
  type FileContent,
  ReportError,
  type ReportContext,
  type ReportOutput,
  runReport,
  type SourceFiles,
  type TimeZone,
  type ZoneTime,
} from './report.ts';
export { demangle, type DemangleMode, readableName } from './demangle/demangle.ts';
export { compilePattern, type Pattern } from './regexp.ts';
export { type Greeting, greeting, sampleTypeName } from './greeting.ts';
