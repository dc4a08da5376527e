// The command line of `stackpile run`.
import { parseArgs, type ParseArgsOptionsConfig } from 'node:util';
import {
  asParsed,
  formOptions,
  type LeaksOptions,
  leaksOptionsOf,
  parseDuration,
  serviceOptions,
  typedNames,
  UsageError,
} from '../leaks/command-line.ts';
import { optionProblem } from '../option-problem.ts';

/** What `stackpile run --help` prints. */
export const runUsage = `usage: stackpile run [OPTION…] -- COMMAND…

Starts a Node program with the agent in it, watches it, ends it, and says whether it leaks.

COMMAND
  node app.js, npm start, npx tsx app.ts: every Node process that it starts is watched; its input, output and signals are its own

OPTIONS
  --for TIME          how long to watch before the program is ended (60s)
  --until-exit        watch until the program ends by itself
  --every TIME        time between two looks (5s)
  --load COMMAND      what loads the program: run by the shell again and again meanwhile, its output on stderr
  --mine PATTERN      functions or files that match are your own code (regular expression), as often as needed
  --not-mine PATTERN  functions or files that match are not
  --no-stops          never stop the program for a look at its heap
  --json              the verdict as JSON on stdout, when the program has ended
  --github            annotations for GitHub Actions, on the line to mend
  --json=FILE         a form goes to a file with =, any number of them
  --markdown=FILE     the verdict for a ticket or a comment
  --junit FILE        the verdict as test cases, for every CI
  --sarif FILE        leaks as SARIF 2.1.0, for code scanning
  --report FILE       the last profiles as one HTML file
  --help              print this

EXIT STATUS
  0 no leak, 1 leak found, 2 could not tell, or an error
  a program that fails by itself: its own status, whatever the verdict is
`;

/** The options, checked. */
export interface RunOptions {
  /** The program and its arguments. */
  readonly command: readonly string[];
  /** Milliseconds; Infinity until it ends by itself. */
  readonly watch: number;
  /** What the shell runs meanwhile, or null. */
  readonly load: string | null;
  /** HTML file to write, or null. */
  readonly report: string | null;
  /** How processes are asked and judged, and how that is told. */
  readonly leaks: LeaksOptions;
}

const { header: _header, token: _token, timeout: _timeout, ...service } = serviceOptions;
const { 'tls-ca': _ca, 'tls-cert': _cert, 'tls-key': _key, ...judging } = service;
const { markdown: _markdown, 'markdown-file': _file, ...forms } = formOptions;
const options = {
  ...judging,
  ...forms,
  markdown: { type: 'string' },
  for: { type: 'string' },
  'until-exit': { type: 'boolean', default: false },
  every: { type: 'string' },
  load: { type: 'string' },
  report: { type: 'string' },
  help: { type: 'boolean', default: false, short: 'h' },
} satisfies ParseArgsOptionsConfig;

/** Names of all options of `stackpile run`, without their dashes. */
export const runOptionNames: readonly string[] = typedNames(options);

function parsed(args: string[]) {
  try {
    return parseArgs({ args, allowPositionals: true, options });
  } catch (error) {
    throw new UsageError(optionProblem(error, runOptionNames), { cause: error });
  }
}

/** Reads the arguments after `run`: what follows the first `--` is the program's. @throws UsageError */
export function parseRunArgs(argv: readonly string[]): RunOptions | 'help' {
  const split = argv.indexOf('--');
  const own = split < 0 ? argv : argv.slice(0, split);
  const command = split < 0 ? [] : argv.slice(split + 1);
  // Of the forms this one has no other place than a file: what a program prints is its own.
  const { values, positionals } = parsed(
    asParsed(own).map((arg) => arg.replace(/^--markdown-file=/u, '--markdown=')),
  );
  if (values.help) return 'help';
  const [stray] = positionals;
  if (stray !== undefined)
    throw new UsageError(`${stray}: write the program behind --, as in stackpile run -- node app.js`);
  if (command.length === 0)
    throw new UsageError('write the program behind --, as in stackpile run -- node app.js');
  if (values['until-exit'] && values.for !== undefined)
    throw new UsageError('--for and --until-exit: one of them says when it is over');
  if (values['until-exit'] && values.report !== undefined)
    throw new UsageError('--report needs a program that is still there: use it with --for');
  const { markdown, ...others } = values;
  const leaks = leaksOptionsOf({ header: [], ...others, 'markdown-file': markdown }, []);
  if (leaks.outputs.some(({ file }) => file === values.report))
    throw new UsageError(`--report ${values.report ?? ''}: another form goes there already`);
  return {
    command,
    watch: values['until-exit'] ? Infinity : parseDuration('--for', values.for ?? '60s', 1000),
    load: values.load ?? null,
    report: values.report ?? null,
    leaks: { ...leaks, sameHost: true },
  };
}
