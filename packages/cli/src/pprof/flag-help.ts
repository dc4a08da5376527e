// The names of all flags of the reports, and what is said of one of them.
import { commandNames } from '@stackpile/report';
import { flagTypes } from './command-line.ts';
import { exportNames, exportTable, isExportName } from './exports.ts';
import { ownFlags } from './own-flags.ts';
import { commandLineUsage, shellHelp } from './usage.ts';

/** Every flag of the reports, without its dash. */
export function flagNames(): string[] {
  return [...flagTypes().keys()];
}

/** Every flag that asks for a report. */
export function outputNames(): string[] {
  return [...commandNames, ...exportNames];
}

/** The line of pprof's usage that tells of a flag, for those that have no help of their own. */
function usageLine(name: string): string | undefined {
  const lines = commandLineUsage().split('\n');
  return lines
    .find((line) => new RegExp(`^ {3,6}-${name}\\b`, 'u').test(line))
    ?.trim()
    .replace(/^(-?\S+)\s+/u, '$1  ');
}

/** What `help NAME` says of a flag; undefined where there is no such flag. */
export function flagHelp(name: string): string | undefined {
  if (isExportName(name)) return `${exportTable[name].description}\n`;
  const own = Object.hasOwn(ownFlags, name) ? ownFlags[name] : undefined;
  if (own !== undefined) return `${own.help}\n`;
  const inShell = shellHelp(name, []);
  if (inShell !== undefined && name !== '') return inShell;
  if (!flagTypes().has(name)) return undefined;
  const line = usageLine(name);
  return line === undefined ? `-${name}\n` : `${line}\n`;
}

/** The first line of {@link flagHelp}: '' where it says nothing. */
export function flagSummary(name: string): string {
  const first = (flagHelp(name) ?? '').split('\n', 1)[0] ?? '';
  return first.replace(/^-\S+\s*/u, '');
}
