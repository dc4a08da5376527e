// The command line of `stackpile guard`.
import { parseArgs, type ParseArgsOptionsConfig } from 'node:util';
import { lineOf, webAddress } from '@stackpile/agent/inspector';
import {
  asParsed,
  type LeaksOptions,
  parseDuration,
  parseLeaksArgs,
  parseLimit,
  serviceOptions,
  UsageError,
} from '../leaks/command-line.ts';
import { optionProblem } from '../option-problem.ts';

/** What `stackpile guard --help` prints. */
export const guardUsage = `usage: stackpile guard SOURCE --dir DIR [OPTION…]

Watches a service from outside, and writes what it knows of it into DIR before it meets a limit, or when it is gone: the black box of
a service that has none of its own. stackpile postmortem DIR opens it.

SOURCE
  http://host:6060 of a Go service, or of an agent; pid:1234

LIMITS
  Of a Go service on this machine: of its cgroup, GOMEMLIMIT, ulimit -v and -n. Of an agent: what it knows itself.
  Elsewhere only --limit, for all memory that Go's runtime has of the system.

OPTIONS
  --dir DIR           the folder for bundles; made where it is not there
  --limit SIZE        where its memory ends, as 512MB
  --at PART           the line, as a part of each limit (85%)
  --tasks N           so many goroutines or tasks are too many
  --pid N             its process number on this machine, where its address does not lead there
  --every TIME        time between two looks (5s); its numbers are read more often
  --for TIME          end by itself after so long
  --bundles N         bundles that are kept (5); the oldest leave
  --megabytes N       what they take together at most (200)
  --upload URL        send each file of a bundle with HTTP PUT to URL/BUNDLE/FILE
  --webhook URL       tell what happened with HTTP POST, as JSON; headers of both: STACKPILE_BLACK_BOX_HEADERS, a line each
  --stops             may ask for what stops it: an agent for heap snapshots, Go for collections
  --header 'N: V'     add a header to every request to the service, as often as needed
  --token TOKEN       short for --header 'Authorization: Bearer TOKEN'
  --mine PATTERN      functions or files that match are your own code (regular expression), as often as needed
  --not-mine PATTERN  functions or files that match are not
  --timeout TIME      longest wait for one answer (10s)
  --tls-ca FILE       certificate authority to trust; --tls-cert and --tls-key for a certificate of your own
  --help              print this

EXIT STATUS
  0 no line was crossed, 1 there is a bundle, 2 an error
`;

const { 'no-stops': _noStops, ...shared } = serviceOptions;
const table = {
  ...shared,
  dir: { type: 'string' },
  limit: { type: 'string' },
  at: { type: 'string' },
  tasks: { type: 'string' },
  pid: { type: 'string' },
  every: { type: 'string' },
  for: { type: 'string' },
  bundles: { type: 'string' },
  megabytes: { type: 'string' },
  upload: { type: 'string' },
  webhook: { type: 'string' },
  stops: { type: 'boolean', default: false },
  help: { type: 'boolean', default: false, short: 'h' },
} satisfies ParseArgsOptionsConfig;

/** Names of all options of `stackpile guard`, without their dashes. */
export const guardOptionNames: readonly string[] = Object.keys(table);

/** Those that `leaks` has too, and reads. */
const asLeaks: ReadonlySet<string> = new Set([...Object.keys(shared), 'every', 'for']);

/** The options, checked. */
export interface GuardOptions {
  /** What it has in common with `leaks`. */
  readonly leaks: LeaksOptions;
  readonly dir: string;
  /** Bytes; null where nobody said. */
  readonly limit: number | null;
  /** 0 … 1 */
  readonly at: number;
  readonly tasks: number | null;
  readonly pid: number | null;
  readonly bundles: number;
  readonly megabytes: number;
  readonly upload: string | null;
  readonly webhook: string | null;
}

function wholeOf(option: string, text: string | undefined, most: number): number | null {
  if (text === undefined) return null;
  const value = /^\d{1,12}$/u.test(text) ? Number(text) : 0;
  if (value < 1 || value > most) throw new UsageError(`${option} ${text}: a whole number from 1 to ${most}`);
  return value;
}

function shareOf(text: string): number {
  const line = lineOf(text);
  if (line?.kind !== 'share') throw new UsageError(`--at ${text}: a part of the limit, as 85%`);
  return line.share;
}

function addressOf(option: string, text: string | undefined): string | null {
  if (text === undefined) return null;
  // It may have a password in it.
  if (webAddress(text) === null) throw new UsageError(`${option}: that is no address of HTTP`);
  return text;
}

/** Nobody waits long for a service that is about to end. */
const TIMEOUT = '10s';

/** Reads the arguments after `guard`. @throws UsageError */
export function parseGuardArgs(argv: readonly string[]): GuardOptions | 'help' {
  let parsed;
  try {
    parsed = parseArgs({ args: asParsed(argv), allowPositionals: true, options: table, tokens: true });
  } catch (error) {
    throw new UsageError(optionProblem(error, guardOptionNames), { cause: error });
  }
  const { values, positionals, tokens } = parsed;
  if (values.help) return 'help';
  const common = tokens.flatMap((token) =>
    token.kind === 'option' && token.value !== undefined && asLeaks.has(token.name)
      ? [`--${token.name}=${token.value}`]
      : [],
  );
  const stopping = values.stops ? [] : ['--no-stops'];
  const leaks = parseLeaksArgs([`--timeout=${TIMEOUT}`, ...stopping, ...common, '--', ...positionals]);
  if (leaks === 'help') return leaks;
  if (positionals.length !== 1) throw new UsageError('give the address of one service, or pid:1234');
  if (values.dir === undefined || values.dir === '')
    throw new UsageError('--dir: name the folder for bundles');
  const limit = values.limit === undefined ? null : parseLimit('--limit', values.limit);
  if (limit !== null && !(limit > 0 && limit <= Number.MAX_SAFE_INTEGER))
    throw new UsageError(`--limit ${values.limit ?? ''}: write a size such as 512MB`);
  // Checked again by itself: a guard that looks each tenth of a second is a load.
  if (values.every !== undefined) parseDuration('--every', values.every, 500);
  return {
    leaks,
    dir: values.dir,
    limit,
    at: values.at === undefined ? 0.85 : shareOf(values.at),
    tasks: wholeOf('--tasks', values.tasks, 1e12 - 1),
    pid: wholeOf('--pid', values.pid, 2 ** 31 - 1),
    bundles: wholeOf('--bundles', values.bundles, 1000) ?? 5,
    megabytes: wholeOf('--megabytes', values.megabytes, 1_000_000) ?? 200,
    upload: addressOf('--upload', values.upload),
    webhook: addressOf('--webhook', values.webhook),
  };
}
