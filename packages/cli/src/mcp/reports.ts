// Reports for a tool: the same engine as the command line's, with text instead of bytes.
import { diffProfiles, type Profile, ProfileError } from '@stackpile/profile';
import {
  compilePattern,
  defaultOptions,
  type ReportCommand,
  type ReportContext,
  type ReportOptions,
  runReport,
  withOriginals,
} from '@stackpile/report';
import { linesOf } from './answer.ts';
import { RefusedCall } from './refusal.ts';

/** The options of a report that a tool sets. */
export type Asked = Partial<
  Pick<ReportOptions, 'focus' | 'ignore' | 'nodecount' | 'sample_index' | 'sort' | 'trim'>
>;

/** A number in a profile's own order could mean another one elsewhere, and a name that it has not is said with those that it has. */
function checkedType(profile: Profile, wanted: string): void {
  const known = profile.sampleTypes.map(({ type }) => type);
  if (wanted !== '' && !known.includes(wanted))
    throw new RefusedCall(`no such sample_type; this profile has ${known.slice(0, 30).join(', ')}`);
}

/** The functions that a listing is of, as the maps of their scripts show them. */
function originals(
  profile: Profile,
  pattern: string,
  options: ReportOptions,
  context: ReportContext,
): Pick<ReturnType<typeof withOriginals>, 'profile' | 'context'> {
  const compiled = compilePattern(pattern);
  if (typeof compiled === 'string') return { profile, context };
  const { functions, strings } = profile;
  const columns = [functions.name, functions.systemName, functions.filename];
  return withOriginals(profile, context, options, (row) =>
    columns.some((one) => compiled.test(strings.get(one[row] ?? 0))),
  );
}

/**
 * The lines of a report.
 *
 * @throws ReportError, and RefusedCall for a sample type that the profile has not
 */
export function reportLines(
  profile: Profile,
  command: Exclude<ReportCommand, { kind: 'proto' | 'topproto' | 'disasm' }>,
  asked: Asked,
  context: ReportContext,
): Iterable<string> {
  checkedType(profile, asked.sample_index ?? '');
  const options = { ...defaultOptions(), ...asked };
  const shown =
    command.kind === 'list' ? originals(profile, command.pattern, options, context) : { profile, context };
  const output = runReport(shown.profile, command, options, shown.context);
  return output.type === 'text' ? linesOf(output.chunks) : [];
}

/** What the second profile has that the first has not. @throws RefusedCall where they are not of one kind */
export function difference(before: Profile, after: Profile): Profile {
  try {
    return diffProfiles(before, after, { labelBase: false, normalize: false });
  } catch (error) {
    if (!(error instanceof ProfileError)) throw error;
    throw new RefusedCall(`these two cannot be compared: ${error.message}`, { cause: error });
  }
}
