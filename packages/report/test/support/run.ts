// Reports as plain text, with options written as flags are.
import type { Profile } from '@stackpile/profile';
import { type CommandName, defaultOptions, reportCommand, runReport, setOption } from '../../src/index.ts';

/** The text of a report and its warnings; `flags` are `name=value` or a bare name. */
export function report(
  profile: Profile,
  command: CommandName,
  flags: readonly string[] = [],
  pattern = '',
): { text: string; warnings: readonly string[] } {
  let options = defaultOptions();
  for (const flag of flags) {
    const at = flag.indexOf('=');
    options =
      at < 0 ? setOption(options, flag, '1') : setOption(options, flag.slice(0, at), flag.slice(at + 1));
  }
  const output = runReport(profile, reportCommand(command, pattern), options);
  if (output.type !== 'text') throw new Error(`${command} is no text`);
  return { text: [...output.chunks].join(''), warnings: output.warnings };
}

/** The rows of `top` behind the column names, blanks squeezed: `3s 59.64% 59.64% 3s 59.64% main`. */
export function topRows(profile: Profile, flags: readonly string[] = []): string[] {
  const { text } = report(profile, 'top', flags);
  const lines = text.split('\n');
  const header = lines.findIndex((line) => line.startsWith('      flat  flat%'));
  return lines.slice(header + 1, -1).map((line) => line.trim().replace(/\s+/g, ' '));
}
