// The command line of `stackpile leaks`.
import { parseArgs, type ParseArgsOptionsConfig } from 'node:util';
import { compilePattern, type Pattern } from '@stackpile/report';
import type { CliErrorCode } from '../errors.ts';
import { optionProblem } from '../option-problem.ts';
import type { FileForm, OutputFile } from './output-files.ts';

/** What `stackpile leaks --help` prints. */
export const leaksUsage = `usage: stackpile leaks SOURCE… [OPTION…]

Says which stack piles up, and whose fault it is.

SOURCE
  two or more dumps of one program, oldest first: goroutine profiles (protobuf, debug=1 or debug=2 texts),
  heap profiles, heap snapshots; a folder stands for all dumps below it, - for standard input
  or one running service to watch: http://host:6060, http://host/debug/pprof/goroutine, pid:1234

OPTIONS
  --every TIME        time between two looks at a service (5s)
  --for TIME          how long to watch it (60s); Ctrl-C ends early, with the verdict so far
  --header 'N: V'     add a header to every request, as often as needed
  --token TOKEN       short for --header 'Authorization: Bearer TOKEN'
  --mine PATTERN      functions or files that match are your own code (regular expression), as often as needed
  --not-mine PATTERN  functions or files that match are not
  --type NAME         sample type to judge (default: what counts what is alive)
  --interval TIME     time between two dumps, where the files do not say when they were taken
  --limit N           where it ends (goroutines, or bytes as 512MB): says when that will be
  --no-stops          never ask a service for what stops it: an agent for heap snapshots, Go for collections
  --timeout TIME      longest wait for one answer (60s)
  --tls-ca FILE       certificate authority to trust; --tls-cert and --tls-key for a certificate of your own
  --json              the verdict as JSON
  --markdown          the verdict for a ticket or a comment
  --github            annotations for GitHub Actions, on the line to mend
  --json=FILE         a form goes to a file with =, any number of them beside what is printed
  --junit FILE        the verdict as test cases, for every CI
  --sarif FILE        leaks as SARIF 2.1.0, for code scanning
  --all               also what does not grow
  --help              print this

EXIT STATUS
  0 no leak, 1 leak found, 2 could not tell, or an error
`;

/** How a verdict is printed. */
export type OutputForm = 'text' | 'json' | 'markdown' | 'github';

/** The options, checked. Times in milliseconds. */
export interface LeaksOptions {
  readonly sources: readonly string[];
  readonly every: number | null;
  readonly for: number | null;
  readonly headers: readonly string[];
  readonly token: string | null;
  readonly mine: readonly Pattern[];
  readonly notMine: readonly Pattern[];
  readonly type: string | null;
  readonly interval: number | null;
  readonly limit: number | null;
  readonly timeout: number | null;
  readonly tlsCa: string | null;
  readonly tlsCert: string | null;
  readonly tlsKey: string | null;
  readonly stops: boolean;
  /** Redirections to other hosts are not followed. */
  readonly sameHost: boolean;
  readonly form: OutputForm;
  /** Forms that go to files. */
  readonly outputs: readonly OutputFile[];
  readonly all: boolean;
}

/** A command line that makes no sense; the message is one sentence. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
  readonly code: CliErrorCode = 'USAGE';
}

const units: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1000,
  m: 60_000,
  min: 60_000,
  h: 3_600_000,
  d: 86_400_000,
};

/** `500ms`, `5s`, `1m30s`, `2h`; a bare number is seconds. In milliseconds. */
export function parseDuration(option: string, text: string, least: number): number {
  let total = 0;
  const wrong = (): UsageError =>
    new UsageError(`${option} ${text}: write a time such as 500ms, 5s, 2m or 1h`);
  if (/^\d+(?:\.\d+)?$/u.test(text)) {
    total = Number(text) * 1000;
  } else {
    if (!/^(?:\d+(?:\.\d+)?(?:ms|s|min|m|h|d))+$/u.test(text)) throw wrong();
    for (const [, value = '', unit = ''] of text.matchAll(/(\d+(?:\.\d+)?)(ms|s|min|m|h|d)/gu)) {
      total += Number(value) * (units[unit] ?? Number.NaN);
    }
  }
  if (!Number.isFinite(total)) throw wrong();
  if (total < least) throw new UsageError(`${option} ${text}: at least ${least} ms`);
  if (total > 2 ** 31 - 1) throw new UsageError(`${option} ${text}: at most 24 days`);
  return total;
}

/** `2000`, `512MB`, `1.5GiB`. */
export function parseLimit(option: string, text: string): number {
  const parts = /^(\d+(?:\.\d+)?)\s*(?:([kmgt])i?b?|b)?$/iu.exec(text);
  if (parts === null) throw new UsageError(`${option} ${text}: write a number, or a size such as 512MB`);
  const power = parts[2] === undefined ? 0 : 'kmgt'.indexOf(parts[2].toLowerCase()) + 1;
  return Number(parts[1]) * 1024 ** power;
}

/** By the engine of the reports: it takes what they take, and no pattern stalls it. */
function pattern(option: string, text: string): Pattern {
  const compiled = compilePattern(text);
  if (typeof compiled === 'string') throw new UsageError(`${option} ${text}: ${compiled}`);
  return compiled;
}

/** Which of the forms was asked for: one. */
function formOf(values: LeaksValues): OutputForm {
  const asked = (['json', 'markdown', 'github'] as const).filter((form) => values[form] === true);
  if (asked.length > 1)
    throw new UsageError(`--${asked[0] ?? ''} and --${asked[1] ?? ''}: one form at a time`);
  return asked[0] ?? 'text';
}

/** Options may also be written with one dash, as in pprof; a form with a file is an option of its own for `parseArgs`. */
export function asParsed(argv: readonly string[]): string[] {
  const literal = argv.indexOf('--');
  return argv.map((arg, i) => {
    if (literal >= 0 && i >= literal) return arg;
    const dashed = /^-[a-z][a-z-]+(?:=|$)/u.test(arg) ? `-${arg}` : arg;
    return dashed.replace(/^--(json|markdown|github)=/u, '--$1-file=');
  });
}

/** Options of forms: printed, or written to files. What ends in `-file` is typed with `=` behind the form's name. */
export const formOptions: Readonly<
  Record<'json' | 'markdown' | 'github', { type: 'boolean'; default: boolean }> &
    Record<'json-file' | 'markdown-file' | 'github-file' | 'junit' | 'sarif', { type: 'string' }>
> = {
  json: { type: 'boolean', default: false },
  markdown: { type: 'boolean', default: false },
  github: { type: 'boolean', default: false },
  'json-file': { type: 'string' },
  'markdown-file': { type: 'string' },
  'github-file': { type: 'string' },
  junit: { type: 'string' },
  sarif: { type: 'string' },
};

const fileOptions = {
  json: 'json-file',
  markdown: 'markdown-file',
  github: 'github-file',
  junit: 'junit',
  sarif: 'sarif',
} as const satisfies Record<FileForm, keyof LeaksValues>;

/** The files that were asked for. @throws UsageError where two are the same, or one has no name */
export function outputsOf(values: LeaksValues): OutputFile[] {
  const outputs: OutputFile[] = [];
  for (const form of ['json', 'markdown', 'github', 'junit', 'sarif'] as const) {
    const file = values[fileOptions[form]];
    if (file === undefined) continue;
    if (file === '') throw new UsageError(`--${form}: name the file to write`);
    if (outputs.some((other) => other.file === file))
      throw new UsageError(`--${form} ${file}: another form goes there already`);
    outputs.push({ form, file });
  }
  return outputs;
}

/** Names of options as they are typed. */
export function typedNames(options: object): string[] {
  return Object.keys(options).filter((name) => !name.endsWith('-file'));
}

/** Reads the arguments after `leaks`. Options may also be written with one dash, as in pprof. */
export function parseLeaksArgs(argv: readonly string[]): LeaksOptions | 'help' {
  const { values, positionals } = parseOrThrow(asParsed(argv));
  if (values.help) return 'help';
  return leaksOptionsOf(values, positionals);
}

/** Options as they were typed, by their names. */
export interface LeaksValues {
  readonly every?: string | undefined;
  readonly for?: string | undefined;
  readonly header: readonly string[];
  readonly token?: string | undefined;
  readonly mine: readonly string[];
  readonly 'not-mine': readonly string[];
  readonly type?: string | undefined;
  readonly interval?: string | undefined;
  readonly limit?: string | undefined;
  readonly timeout?: string | undefined;
  readonly 'tls-ca'?: string | undefined;
  readonly 'tls-cert'?: string | undefined;
  readonly 'tls-key'?: string | undefined;
  readonly 'no-stops': boolean;
  readonly json?: boolean;
  readonly markdown?: boolean;
  readonly github?: boolean;
  readonly 'json-file'?: string | undefined;
  readonly 'markdown-file'?: string | undefined;
  readonly 'github-file'?: string | undefined;
  readonly junit?: string | undefined;
  readonly sarif?: string | undefined;
  readonly all?: boolean;
}

/** Checks what options were given. @throws UsageError */
export function leaksOptionsOf(values: LeaksValues, sources: readonly string[]): LeaksOptions {
  const time = (option: string, text: string | undefined, least: number): number | null =>
    text === undefined ? null : parseDuration(option, text, least);
  return {
    sources,
    every: time('--every', values.every, 100),
    for: time('--for', values.for, 0),
    headers: values.header,
    token: values.token ?? null,
    mine: values.mine.map((text) => pattern('--mine', text)),
    notMine: values['not-mine'].map((text) => pattern('--not-mine', text)),
    type: values.type ?? null,
    interval: time('--interval', values.interval, 1),
    limit: values.limit === undefined ? null : parseLimit('--limit', values.limit),
    timeout: time('--timeout', values.timeout, 1),
    tlsCa: values['tls-ca'] ?? null,
    tlsCert: values['tls-cert'] ?? null,
    tlsKey: values['tls-key'] ?? null,
    stops: !values['no-stops'],
    sameHost: false,
    form: formOf(values),
    outputs: outputsOf(values),
    all: values.all === true,
  };
}

interface Texts {
  type: 'string';
  multiple: true;
  default: string[];
}

/** Options that say how a service is asked, and whose code is whose: the same for every command that judges. */
export const serviceOptions: Readonly<
  Record<'header', Texts & { short: string }> &
    Record<'mine' | 'not-mine', Texts> &
    Record<'token' | 'timeout' | 'tls-ca' | 'tls-cert' | 'tls-key', { type: 'string' }> &
    Record<'no-stops', { type: 'boolean'; default: boolean }>
> = {
  header: { type: 'string', multiple: true, default: [], short: 'H' },
  token: { type: 'string' },
  mine: { type: 'string', multiple: true, default: [] },
  'not-mine': { type: 'string', multiple: true, default: [] },
  timeout: { type: 'string' },
  'tls-ca': { type: 'string' },
  'tls-cert': { type: 'string' },
  'tls-key': { type: 'string' },
  'no-stops': { type: 'boolean', default: false },
};

/** Every option of `stackpile leaks`, as `parseArgs` takes them. */
const options = {
  ...serviceOptions,
  every: { type: 'string' },
  for: { type: 'string' },
  type: { type: 'string' },
  interval: { type: 'string' },
  limit: { type: 'string' },
  ...formOptions,
  all: { type: 'boolean', default: false },
  help: { type: 'boolean', default: false, short: 'h' },
} satisfies ParseArgsOptionsConfig;

/** Names of all options of `stackpile leaks`, without their dashes. */
export const leaksOptionNames: readonly string[] = typedNames(options);

function parseOrThrow(args: string[]) {
  try {
    return parseArgs({ args, allowPositionals: true, options });
  } catch (error) {
    throw new UsageError(optionProblem(error, leaksOptionNames), { cause: error });
  }
}

/** What `stackpile verify --help` prints. */
export const verifyUsage = `usage: stackpile verify --before SOURCE… --after SOURCE… [OPTION…]

Says whether a fix holds: what leaked before must not grow now, by a bound far below its old pace, and nothing else may leak.

SOURCE
  dumps of one program, or a folder of them, or a running service to watch: as for leaks

OPTIONS
  --before SOURCE…    the program without the fix, up to the next option
  --after SOURCE…     the program with it, under the same load
  --every TIME        time between two looks at a service (5s)
  --for TIME          how long to watch each service (60s); Ctrl-C ends early
  --header 'N: V'     add a header to every request, as often as needed
  --token TOKEN       short for --header 'Authorization: Bearer TOKEN'
  --mine PATTERN      functions or files that match are your own code (regular expression), as often as needed
  --not-mine PATTERN  functions or files that match are not
  --interval TIME     time between two dumps, where the files do not say when they were taken
  --timeout TIME      longest wait for one answer (60s)
  --tls-ca FILE       certificate authority to trust; --tls-cert and --tls-key for a certificate of your own
  --json              the answer as JSON
  --markdown          the answer for a ticket or a comment
  --github            annotations for GitHub Actions, on the line to mend
  --json=FILE         a form goes to a file with =, any number of them beside what is printed
  --junit FILE        the answer as test cases, for every CI
  --sarif FILE        leaks as SARIF 2.1.0, for code scanning
  --help              print this

EXIT STATUS
  0 the fix holds, 1 it does not, 2 could not tell, or an error
`;

const { type: _type, limit: _limit, all: _all, ...shared } = options;
const verifyOptions = {
  ...shared,
  before: { type: 'string', multiple: true, default: [] },
  after: { type: 'string', multiple: true, default: [] },
} satisfies ParseArgsOptionsConfig;

/** Names of all options of `stackpile verify`, without their dashes. */
export const verifyOptionNames: readonly string[] = typedNames(verifyOptions);

/** Both sides of a comparison. */
export interface VerifyOptions {
  readonly before: LeaksOptions;
  readonly after: LeaksOptions;
}

/** Reads the arguments after `verify`: what follows `--before` or `--after` is that side's, up to the next of the two. */
export function parseVerifyArgs(argv: readonly string[]): VerifyOptions | 'help' {
  const args = asParsed(argv);
  let parsed;
  try {
    parsed = parseArgs({ args, allowPositionals: true, options: verifyOptions, tokens: true });
  } catch (error) {
    throw new UsageError(optionProblem(error, verifyOptionNames), { cause: error });
  }
  const { values, tokens } = parsed;
  if (values.help) return 'help';
  const sides = { before: new Array<string>(), after: new Array<string>() };
  let side: 'before' | 'after' | null = null;
  for (const token of tokens) {
    if (token.kind === 'option' && (token.name === 'before' || token.name === 'after')) {
      side = token.name;
      if (token.value !== undefined) sides[side].push(token.value);
    } else if (token.kind === 'positional') {
      if (side === null) throw new UsageError(`${token.value}: say --before or --after in front of it`);
      sides[side].push(token.value);
    }
  }
  for (const name of ['before', 'after'] as const)
    if (sides[name].length === 0)
      throw new UsageError(
        `--${name}: give the dumps or the service ${name === 'before' ? 'without' : 'with'} the fix`,
      );
  const common = { ...values, all: false };
  return { before: leaksOptionsOf(common, sides.before), after: leaksOptionsOf(common, sides.after) };
}
