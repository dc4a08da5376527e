// The help texts of pprof: the usage of the command line, and what `help` prints in the shell.
// Upstream: google/pprof internal/driver/cli.go internal/driver/commands.go, 2025-11-14
import {
  commandNames,
  commandSpec,
  extensionNames,
  isCommandName,
  optionHelp,
  optionNames,
  optionSpec,
} from '@stackpile/report';
import { exportNames, exportTable } from './exports.ts';
import { ownFlags } from './own-flags.ts';

function row(name: string, help: string): string {
  return `    ${name.padEnd(16)} ${help.split('\n', 1)[0] ?? ''}`;
}

/** The lists of reports and options, with dashes for the command line and without for the shell; no newline at the end. */
function lists(form: 'flags' | 'shell'): string {
  const dash = form === 'flags' ? '-' : '';
  const commands = commandNames.map((name) => row(dash + name, commandSpec(name).description)).sort();
  if (form === 'shell') {
    commands.push(
      row('o/options', 'List options and their current values'),
      row('q/quit/exit/^D', 'Exit pprof'),
    );
  }
  const plain: string[] = [];
  const groups: string[] = [];
  for (const name of optionNames) {
    const spec = optionSpec(name);
    if (spec.type === 'choice') {
      const choices = Object.entries(spec.choices).map(([choice, help]) => `  ${row(dash + choice, help)}`);
      groups.push([row(name, ''), ...choices].join('\n'));
    } else {
      plain.push(row(dash + name, spec.help));
    }
  }
  const title = form === 'flags' ? '  Output formats (select at most one):' : '  Commands:';
  return [
    title,
    ...commands,
    '',
    '  Options:',
    ...plain.sort(),
    '',
    '  Option groups (only set one per group):',
    ...groups.sort(),
  ].join('\n');
}

const intro = `usage:

Produce output in the specified format.

   pprof <format> [options] [binary] <source> ...

Omit the format to get an interactive shell whose commands can be used
to generate various views of a profile

   pprof [options] [binary] <source> ...

Omit the format and provide the "-http" flag to get an interactive web
interface at the specified host:port that can be used to navigate through
various views of a profile.

   pprof -http [host]:[port] [options] [binary] <source> ...

Details:
`;

const sources = `

  Source options:
    -seconds              Duration for time-based profile collection
    -timeout              Timeout in seconds for profile collection
    -buildid              Override build id for main binary
    -add_comment          Free-form annotation to add to the profile
                          Displayed on some reports or with pprof -comments
    -diff_base source     Source of base profile for comparison
    -base source          Source of base profile for profile subtraction
    profile.pb.gz         Profile in compressed protobuf format
    legacy_profile        Profile in legacy pprof format
    http://host/profile   URL for profile handler to retrieve
    -symbolize=           Controls source of symbol information
      none                  Do not attempt symbolization
      local                 Examine only local binaries
      fastlocal             Only get function names from local binaries
      remote                Do not examine local binaries
      force                 Force re-symbolization
    Binary                  Local path or build id of binary for symbolization
    -tls_cert             TLS client certificate file for fetching profile and symbols
    -tls_key              TLS private key file for fetching profile and symbols
    -tls_ca               TLS CA certs file for fetching profile and symbols`;

const rest = `

  Misc options:
   -http              Provide web interface at host:port.
                      Host is optional and 'localhost' by default.
                      Port is optional and a randomly available port by default.
   -no_browser        Skip opening a browser for the interactive web UI.
   -tools             Search path for object tools

  Legacy convenience options:
   -inuse_space           Same as -sample_index=inuse_space
   -inuse_objects         Same as -sample_index=inuse_objects
   -alloc_space           Same as -sample_index=alloc_space
   -alloc_objects         Same as -sample_index=alloc_objects
   -total_delay           Same as -sample_index=delay
   -contentions           Same as -sample_index=contentions
   -mean_delay            Same as -mean -sample_index=delay

  Environment Variables:
   PPROF_TMPDIR       Location for saved profiles (default $HOME/pprof)
   PPROF_TOOLS        Search path for object-level tools
   PPROF_BINARY_PATH  Search path for local binary files
                      default: $HOME/pprof/binaries
                      searches $buildid/$name, $buildid/*, $path/$buildid,
                      \${buildid:0:2}/\${buildid:2}.debug, $name, $path,
                      \${name}.debug, $dir/.debug/\${name}.debug,
                      usr/lib/debug/$dir/\${name}.debug
   * On Windows, %USERPROFILE% is used instead of $HOME
`;

/** What `-h` and every flag error print; the same bytes as pprof's. */
export function commandLineUsage(): string {
  return `${intro}${lists('flags')}${sources}${rest}`;
}

/** What `help SUBJECT` prints in the shell ('' for the overview); undefined for a subject that does not exist. */
export function shellHelp(subject: string, sampleTypes: readonly string[]): string | undefined {
  if (subject === '') {
    return `${lists('shell')}\n  :   Clear focus/ignore/hide/tagfocus/tagignore\n\n  type "help <cmd|option>" for more information\n`;
  }
  if (isCommandName(subject)) {
    const { description, usage } = commandSpec(subject);
    const lines = usage === '' ? [] : ['  Usage:', ...usage.split('\n').map((line) => `    ${line}`)];
    return `${[description, ...lines].join('\n')}\n\n`;
  }
  const help = optionHelp(subject);
  if (help === undefined) return undefined;
  const types =
    subject === 'sample_index' ? `Or use sample_index=name, with name in [${sampleTypes.join(' ')}].\n` : '';
  return `${help}${types}\n`;
}

/** What Stackpile has beyond pprof; pprof's own usage stays as it is. */
export function ownUsage(): string {
  return [
    '  Only in stackpile:',
    ...exportNames.map((name) => row(`-${name}`, exportTable[name].description)),
    ...extensionNames.map((name) => row(`-${name}`, optionSpec(name).help)),
    ...Object.entries(ownFlags).map(([name, { help }]) => row(`-${name}`, help)),
    '    A source can also be -, pid:1234 or the address of an inspector.',
    '',
  ].join('\n');
}
