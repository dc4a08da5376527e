// The outputs that pprof has not: other tools' formats, and tables for scripts and pull requests.
import { type CommandName, isCommandName } from '@stackpile/report';

/** Every export: its flag and shell command, what it is, and the extension of its files. */
export const exportTable = {
  folded: { description: 'Outputs folded stacks, one line per stack', extension: 'folded' },
  speedscope: { description: 'Outputs the profile for speedscope', extension: 'speedscope.json' },
  cpuprofile: { description: 'Outputs the profile for Chrome and VS Code', extension: 'cpuprofile' },
  otlp: { description: 'Outputs the profile as a message of OpenTelemetry (OTLP)', extension: 'otlp' },
  markdown: { description: 'Outputs top entries as a Markdown table', extension: 'md' },
  json: { description: 'Outputs top entries as JSON', extension: 'json' },
} as const;

/** Name of an export. */
export type ExportName = keyof typeof exportTable;
/** Everything that can be put out. */
export type OutputName = CommandName | ExportName;

/** Names of all exports. */
export const exportNames: readonly ExportName[] = Object.keys(exportTable) as ExportName[];

/** Is `name` an export? */
export function isExportName(name: string): name is ExportName {
  return Object.hasOwn(exportTable, name);
}

/** Is `name` a report or an export? */
export function isOutputName(name: string): name is OutputName {
  return isCommandName(name) || isExportName(name);
}
