// The command line of `stackpile watch`.
import { parseArgs, type ParseArgsOptionsConfig } from 'node:util';
import { type LeaksOptions, parseLeaksArgs, asParsed, UsageError } from '../leaks/command-line.ts';
import { optionProblem } from '../option-problem.ts';

/** What `stackpile watch --help` prints. */
export const watchUsage = `usage: stackpile watch SOURCE… [OPTION…]

Watches running services in the terminal: their counters and how they move, what grows, and the verdict as it firms up.

SOURCE
  http://host:6060, pid:1234; an address that names a profile (http://host/debug/pprof/goroutine) is judged by that profile alone

KEYS
  c  save what can be captured of it now, below the folder that you are in
  o  open the page in a browser
  r  write what was seen as one HTML file
  Tab, arrows  the next service     Ctrl-Z  suspend     q  quit

OPTIONS
  --every TIME        time between two looks (5s)
  --for TIME          end by itself after so long, with the exit status of leaks
  --stops             may ask a service for what stops it: an agent for heap snapshots, Go for collections
  --plain             plain lines, as where the output is no terminal
  --header 'N: V'     add a header to every request, as often as needed
  --token TOKEN       short for --header 'Authorization: Bearer TOKEN'
  --mine PATTERN      functions or files that match are your own code (regular expression), as often as needed
  --not-mine PATTERN  functions or files that match are not
  --limit N           where it ends (goroutines, or bytes as 512MB): says when that will be
  --timeout TIME      longest wait for one answer (10s)
  --tls-ca FILE       certificate authority to trust; --tls-cert and --tls-key for a certificate of your own
  --help              print this

EXIT STATUS
  with --for: 0 no leak, 1 leak found, 2 could not tell; without it 0; 2 after an error
`;

const table = {
  every: { type: 'string' },
  for: { type: 'string' },
  stops: { type: 'boolean', default: false },
  plain: { type: 'boolean', default: false },
  header: { type: 'string', multiple: true, default: [], short: 'H' },
  token: { type: 'string' },
  mine: { type: 'string', multiple: true, default: [] },
  'not-mine': { type: 'string', multiple: true, default: [] },
  limit: { type: 'string' },
  timeout: { type: 'string' },
  'tls-ca': { type: 'string' },
  'tls-cert': { type: 'string' },
  'tls-key': { type: 'string' },
  help: { type: 'boolean', default: false, short: 'h' },
} satisfies ParseArgsOptionsConfig;

/** Names of all options of `stackpile watch`, without their dashes. */
export const watchOptionNames: readonly string[] = Object.keys(table);

/** The options, checked. */
export interface WatchOptions {
  /** What it has in common with `leaks`. */
  readonly leaks: LeaksOptions;
  readonly plain: boolean;
}

/** Who waits before a screen does not wait for a minute. */
const TIMEOUT = '10s';

/** Reads the arguments after `watch`: what it has in common with `leaks` is read as there. */
export function parseWatchArgs(argv: readonly string[]): WatchOptions | 'help' {
  let parsed;
  try {
    parsed = parseArgs({ args: asParsed(argv), allowPositionals: true, options: table, tokens: true });
  } catch (error) {
    throw new UsageError(optionProblem(error, watchOptionNames), { cause: error });
  }
  const { help, stops, plain } = parsed.values;
  if (help) return 'help';
  const common = parsed.tokens.flatMap((token) =>
    token.kind === 'option' && token.value !== undefined ? [`--${token.name}=${token.value}`] : [],
  );
  const stopping = stops ? [] : ['--no-stops'];
  const args = [`--timeout=${TIMEOUT}`, ...stopping, ...common, '--', ...parsed.positionals];
  const leaks = parseLeaksArgs(args);
  return leaks === 'help' ? leaks : { leaks, plain };
}
