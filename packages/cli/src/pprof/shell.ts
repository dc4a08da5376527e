// The interactive shell: lines in, reports out.
// Upstream: google/pprof internal/driver/interactive.go, 2025-11-14
import { type Profile, quoteGo } from '@stackpile/profile';
import {
  commandNames,
  commandSpec,
  configurableNames,
  extensionNames,
  greeting,
  isExtensionName,
  isOptionName,
  OptionError,
  optionHelp,
  optionNames,
  optionSpec,
  optionText,
  parseGoInt,
  ReportError,
  type ReportOptions,
  sampleTypeName,
  setOption,
  withoutEmptyLabels,
} from '@stackpile/report';
import type { ReportRequest } from './command-line.ts';
import { DriverError } from './errors.ts';
import { exportNames, isExportName, isOutputName } from './exports.ts';
import { goFields, trimGoSpace } from './go-text.ts';
import { type LineReader, pipedLines, typedLines } from './lines.ts';
import { generateReport, type Session } from './output.ts';
import { shellHelp } from './usage.ts';

/** How the shell talks. */
export interface ShellVoice {
  /** Prints a text to stderr, with a newline at the end if it has none. */
  readonly print: (text: string) => void;
  /** Does a person type at a terminal that can edit lines? */
  readonly typing: boolean;
}

/** Behind this everything in the value of an option is a comment. */
const COMMENT = '//:';

/** What a report command of the shell says. */
export interface ShellCommand {
  readonly request: ReportRequest;
  readonly options: ReportOptions;
  /** Program that gets the report as its standard input; '' for none. */
  readonly pipe: string;
}

function joinPatterns(a: string, b: string): string {
  return a !== '' && b !== '' ? `${a}|${b}` : a + b;
}

/**
 * Understands a report command: its name, its expression if it takes one, then numbers, `>file`, `-cum`, `-ignore` and
 * focus words. With `pipes` a lone `|` ends it, and what follows is a program. Throws {@link DriverError}.
 */
export function parseShellCommand(
  words: readonly string[],
  current: ReportOptions,
  pipes = false,
): ShellCommand {
  let [name = '', ...args] = words;
  if (!isOutputName(name)) {
    const digits = /[0-9]+$/.exec(name)?.[0] ?? '';
    if (digits !== '' && digits !== name) {
      name = name.slice(0, -digits.length);
      args = [digits, ...args];
    }
  }
  if (!isOutputName(name)) {
    if (optionHelp(name) !== undefined) throw new DriverError(`did you mean: ${name}=${args[0] ?? '<val>'}`);
    throw new DriverError(`unrecognized command: ${quoteGo(name)}`);
  }
  let pipe = '';
  const bar = pipes ? args.indexOf('|') : -1;
  if (bar >= 0) {
    pipe = args.slice(bar + 1).join(' ');
    if (pipe === '') throw new DriverError('unexpected end of line after |');
    args = args.slice(0, bar);
  }
  let pattern = '';
  if (!isExportName(name) && commandSpec(name).argument) {
    const [first, ...others] = args;
    if (first === undefined) throw new DriverError(`command ${name} requires an argument`);
    pattern = first;
    args = others;
  }
  let options = current;
  let focus = '';
  let ignore = '';
  for (let i = 0; i < args.length; i++) {
    const word = args[i] as string;
    const number = parseGoInt(word, false);
    if (typeof number !== 'string' && BigInt.asIntN(32, number) === number) {
      options = { ...options, nodecount: Number(number) };
    } else if (word.startsWith('>')) {
      let output = word.slice(1);
      if (output === '') {
        i++;
        const next = args[i];
        if (next === undefined) throw new DriverError('unexpected end of line after >');
        output = next;
      }
      options = { ...options, output };
    } else if (word === '-cum' || word === '--cum') options = { ...options, sort: 'cum' };
    else if (word.startsWith('-')) ignore = joinPatterns(ignore, word.slice(1));
    else focus = joinPatterns(focus, word);
  }
  if (name === 'tags') {
    if (focus !== '') options = { ...options, tagfocus: focus };
    if (ignore !== '') options = { ...options, tagignore: ignore };
  } else {
    if (focus !== '') options = { ...options, focus };
    if (ignore !== '') options = { ...options, ignore };
  }
  if (options.nodecount === -1 && (name === 'text' || name === 'top'))
    options = { ...options, nodecount: 10 };
  return { request: { name, pattern }, options, pipe };
}

/** The lines that a line stands for: `:` resets the filters, names of sample types choose them. */
export function expandShortcut(line: string, sampleTypes: readonly string[]): readonly string[] {
  const input = trimGoSpace(line);
  // Later names win where two meanings meet.
  let meaning: readonly string[] | undefined =
    input === ':' ? ['focus=', 'ignore=', 'hide=', 'tagfocus=', 'tagignore='] : undefined;
  for (const type of sampleTypes) {
    if (input === type) meaning = [`sample_index=${type}`];
    if (input === `total_${type}`) meaning = ['mean=0', `sample_index=${type}`];
    if (input === `mean_${type}`) meaning = ['mean=1', `sample_index=${type}`];
  }
  return meaning ?? [input];
}

/** What `o` prints: every option with its value, sorted. */
export function describeOptions(options: ReportOptions, sampleTypes: readonly string[]): string {
  const rows: string[] = [];
  for (const name of optionNames) {
    if (name === 'source_path') continue;
    const spec = optionSpec(name);
    let value = optionText(options, name);
    let comment = '';
    if (spec.type === 'choice') comment = `[${Object.keys(spec.choices).sort().join(' | ')}]`;
    else if (name === 'sample_index') {
      if (value === '') value = sampleTypes.at(-1) ?? '';
      comment = `[${sampleTypes.join(' | ')}]`;
    } else if (name === 'nodecount' && value === '-1') comment = 'default';
    else if (value === '') value = '""';
    if (name === 'granularity' && value === '') value = '(default)';
    rows.push(`  ${name.padEnd(25)} = ${value.padEnd(20)} ${comment === '' ? '' : `${COMMENT} ${comment}`}`);
  }
  return rows.sort().join('\n');
}

/** What a line can be completed to, as pprof defines it: a unique command or option, else a unique function name. */
export function completeLine(line: string, functionNames: readonly string[]): string {
  const words = goFields(line);
  const [first = '', second = ''] = words;
  if (words.length === 0) return line;
  if (words.length === 1) return completeName(first) ?? line;
  if (words.length === 2 && first === 'help') {
    const match = completeName(second);
    return match === undefined ? line : `${first} ${match}`;
  }
  if (!isOutputName(first) || first === 'tags') return line;
  const last = words.at(-1) ?? '';
  const sign = last.startsWith('-') ? '-' : '';
  const part = last.slice(sign.length);
  const matches = functionNames.filter((name) => name.includes(part));
  return [...words.slice(0, -1), sign + (matches.length === 1 ? (matches[0] as string) : part)].join(' ');
}

function completeName(prefix: string): string | undefined {
  const start = prefix.toLowerCase();
  const matches = completableNames().filter((name) => name.startsWith(start));
  return matches.length === 1 ? matches[0] : undefined;
}

/** Everything that the first word of a line may be completed to. */
export function completableNames(): string[] {
  return [...commandNames, ...exportNames, ...configurableNames(), ...extensionNames];
}

/** Names of all functions of a profile, for completion. */
function functionNames(profile: Profile): string[] {
  const rows = new Set(profile.functions.name);
  return [...rows].map((row) => profile.strings.get(row)).filter((name) => name !== '');
}

/** One shell: its options live as long as it does. */
class Shell {
  readonly #profile: Profile;
  readonly #session: Session;
  readonly #voice: ShellVoice;
  readonly #types: readonly string[];
  #options: ReportOptions;

  constructor(profile: Profile, options: ReportOptions, session: Session, voice: ShellVoice) {
    // pprof keeps the profile as a file would and reads it anew for every report.
    this.#profile = withoutEmptyLabels(profile);
    this.#session = session;
    this.#voice = voice;
    this.#types = profile.sampleTypes.map(({ type }) => type);
    this.#options = { ...options, compact_labels: true };
  }

  greet(): void {
    const { lines, isEmpty, warnings } = greeting(this.#profile, this.#options, this.#session.context);
    for (const line of warnings) this.#session.warn(line);
    if (lines !== undefined) {
      // Without a single line it is an empty one.
      this.#voice.print(lines.join('\n'));
      if (isEmpty && this.#types.length > 1) {
        this.#voice.print('No samples were found with the default sample value type.');
        this.#voice.print('Try "sample_index" command to analyze different sample values.');
      }
    }
    this.#voice.print('Entering interactive mode (type "help" for commands, "o" for options)');
  }

  /** Answers true when the shell is to end. */
  async line(text: string): Promise<boolean> {
    for (const input of expandShortcut(text, this.#types)) {
      try {
        if (await this.#input(input)) return true;
      } catch (error) {
        const known =
          error instanceof DriverError || error instanceof OptionError || error instanceof ReportError;
        if (!known) throw error;
        this.#session.warn(error.message);
      }
    }
    return false;
  }

  async #input(input: string): Promise<boolean> {
    const equals = input.indexOf('=');
    const name = trimGoSpace(equals < 0 ? input : input.slice(0, equals));
    if (isOptionName(name) || isExtensionName(name) || configurableNames().includes(name)) {
      this.#set(name, equals < 0 ? undefined : input.slice(equals + 1));
      return false;
    }
    const words = goFields(input);
    switch (words[0]) {
      case undefined:
        return false;
      case 'o':
      case 'options':
        this.#voice.print(describeOptions(this.#options, this.#types));
        return false;
      case 'exit':
      case 'quit':
      case 'q':
        return true;
      case 'help': {
        const subject = words.slice(1).join(' ');
        const help = shellHelp(subject, this.#types);
        if (help === undefined) this.#session.warn(`Unknown command: ${subject}`);
        else this.#voice.print(help);
        return false;
      }
      default:
        await this.#report(words);
        return false;
    }
  }

  #set(name: string, given: string | undefined): void {
    let value = given ?? '';
    const comment = value.lastIndexOf(COMMENT);
    if (comment >= 0) value = value.slice(0, comment);
    value = trimGoSpace(value);
    const isBoolean = !isOptionName(name) || optionSpec(name).type === 'boolean';
    if (given === undefined && !isBoolean) {
      throw new DriverError(`please specify a value, e.g. ${name}=<val>`);
    }
    if (name === 'sample_index') value = sampleTypeName(this.#profile, value);
    this.#options = setOption(this.#options, name, value);
  }

  async #report(words: readonly string[]): Promise<void> {
    const { request, options, pipe } = parseShellCommand(words, this.#options, this.#voice.typing);
    if (pipe === '') {
      await generateReport(this.#profile, request, options, this.#session);
      return;
    }
    // The program sees the report and talks to the terminal itself.
    const chunks: Uint8Array[] = [];
    const stdout = { write: (chunk: string | Uint8Array) => void chunks.push(Buffer.from(chunk)) };
    const { io } = this.#session;
    const session = { ...this.#session, interactive: false, terminal: false, io: { ...io, stdout } };
    await generateReport(this.#profile, request, options, session);
    const shell = process.platform === 'win32' ? ['cmd', '/c'] : ['/bin/sh', '-c'];
    const result = await io.run(shell[0] as string, [shell[1] as string, pipe], {
      input: Buffer.concat(chunks),
    });
    if (result.kind === 'missing') throw new DriverError(result.message);
  }

  complete = (text: string): [string[], string] => {
    const words = goFields(text);
    const last = /\S*$/.exec(text)?.[0] ?? '';
    if (words.length <= 1 && !/\s$/.test(text)) {
      return [completableNames().filter((name) => name.startsWith(last.toLowerCase())), last];
    }
    const whole = completeLine(text, functionNames(this.#profile));
    if (whole !== text) return [[whole.slice(whole.lastIndexOf(' ') + 1)], last];
    if (words[0] === 'help') return [completableNames().filter((name) => name.startsWith(last)), last];
    const matches = functionNames(this.#profile)
      .filter((name) => name.includes(last))
      .slice(0, 50);
    // The word itself keeps the editor from replacing it by what all names begin with.
    return [matches.every((name) => name.startsWith(last)) ? matches : [...matches, last], last];
  };
}

/** Reads and runs commands until the input ends or says so. */
export async function runShell(
  profile: Profile,
  options: ReportOptions,
  session: Session,
  voice: ShellVoice,
): Promise<void> {
  const shell = new Shell(profile, options, session, voice);
  shell.greet();
  const reader: LineReader = voice.typing ? typedLines(session.io, shell.complete) : pipedLines(session.io);
  try {
    for (;;) {
      const text = await reader.next('(pprof) ');
      if (text === undefined || (await shell.line(text))) return;
    }
  } finally {
    reader.close();
  }
}
