// The command line of pprof, from arguments to what is to be done; the first rule that is broken decides the message.
// Upstream: google/pprof internal/driver/cli.go, 2025-11-14
import {
  commandNames,
  commandSpec,
  defaultOptions,
  extensionNames,
  optionNames,
  optionSpec,
  type ReportOptions,
} from '@stackpile/report';
import { exportNames, isExportName, type OutputName } from './exports.ts';
import { type FlagType, type FlagValue, parseFlags } from './flags.ts';
import { ownFlags } from './own-flags.ts';
import { commandLineUsage } from './usage.ts';

/** A report that was asked for; `pattern` is '' where the report takes none. */
export interface ReportRequest {
  readonly name: OutputName;
  readonly pattern: string;
}

/** How servers are met. File names are as typed. */
export interface NetworkFlags {
  readonly headers: readonly string[];
  readonly token: string;
  readonly tlsCert: string;
  readonly tlsKey: string;
  readonly tlsCa: string;
  /** Seconds; ≤ 0 where not given. */
  readonly seconds: number;
  /** Seconds; ≤ 0 where not given. */
  readonly timeout: number;
}

/** What the command line asks for. */
export interface Invocation {
  readonly sources: readonly string[];
  /** The binary that stands before the sources, or ''. */
  readonly binary: string;
  readonly base: string;
  /** Is `base` one that percentages relate to? */
  readonly diffBase: boolean;
  readonly buildId: string;
  readonly comment: string;
  readonly symbolize: string;
  readonly network: NetworkFlags;
  /** `host:port` of the web pages, or ''. */
  readonly http: string;
  readonly noBrowser: boolean;
  /** Several sources as columns instead of merged. */
  readonly compare: boolean;
  /** Go's text dumps with the names they print, not as pprof reads them. */
  readonly named: boolean;
  readonly options: ReportOptions;
  /** undefined for the shell or the web pages. */
  readonly report: ReportRequest | undefined;
  /** Lines for stderr that do not stop anything. */
  readonly warnings: readonly string[];
}

/** Result of {@link parseCommandLine}; `message` goes to stderr and already ends with a newline. */
export type CommandLine =
  | { readonly kind: 'run'; readonly invocation: Invocation }
  | { readonly kind: 'help'; readonly message: string }
  | { readonly kind: 'error'; readonly message: string; readonly unknownFlag?: string };

/** Selectors of older pprof versions in the order in which they are looked at, with the sample type that they mean. */
const legacySelectors: readonly (readonly [flag: string, sampleType: string])[] = [
  ['total_delay', 'delay'],
  ['mean_delay', 'delay'],
  ['contentions', 'contentions'],
  ['inuse_space', 'inuse_space'],
  ['inuse_objects', 'inuse_objects'],
  ['alloc_space', 'alloc_space'],
  ['alloc_objects', 'alloc_objects'],
];

/** Every flag of the command line, with what it takes. */
export function flagTypes(): Map<string, FlagType> {
  const types = new Map<string, FlagType>([
    ['base', 'string'],
    ['diff_base', 'string'],
    ['symbolize', 'string'],
    ['buildid', 'string'],
    ['add_comment', 'string'],
    ['http', 'string'],
    ['no_browser', 'bool'],
    ['tls_cert', 'string'],
    ['tls_key', 'string'],
    ['tls_ca', 'string'],
    ['tools', 'string'],
    ['timeout', 'int'],
    ['seconds', 'int'],
  ]);
  for (const [name, { type }] of Object.entries(ownFlags)) types.set(name, type);
  for (const [flag] of legacySelectors) types.set(flag, 'bool');
  for (const name of commandNames) types.set(name, commandSpec(name).argument ? 'string' : 'bool');
  for (const name of exportNames) types.set(name, 'bool');
  for (const name of extensionNames) types.set(name, 'bool');
  for (const name of optionNames) {
    const spec = optionSpec(name);
    if (spec.type === 'choice') for (const choice of Object.keys(spec.choices)) types.set(choice, 'bool');
    else types.set(name, spec.type === 'boolean' ? 'bool' : spec.type === 'text' ? 'string' : spec.type);
  }
  return types;
}

class Flags {
  readonly #values: ReadonlyMap<string, FlagValue>;
  constructor(values: ReadonlyMap<string, FlagValue>) {
    this.#values = values;
  }
  text(name: string): string {
    const value = this.#values.get(name);
    return typeof value === 'string' ? value : '';
  }
  texts(name: string): readonly string[] {
    const value = this.#values.get(name);
    return typeof value === 'object' ? value : [];
  }
  on(name: string): boolean {
    return this.#values.get(name) === true;
  }
  number(name: string): number {
    const value = this.#values.get(name);
    return typeof value === 'number' ? value : -1;
  }
  get(name: string): FlagValue | undefined {
    return this.#values.get(name);
  }
}

/** Options as flags set them, or the message of the first group of which two were set. */
function optionsOf(flags: Flags): ReportOptions | { readonly error: string } {
  const values: Record<string, FlagValue> = {};
  for (const name of extensionNames) if (flags.on(name)) values[name] = true;
  for (const name of optionNames) {
    const spec = optionSpec(name);
    if (spec.type !== 'choice') {
      const value = flags.get(name);
      if (value !== undefined) values[name] = value;
      continue;
    }
    const chosen = Object.keys(spec.choices).filter((choice) => flags.on(choice));
    if (chosen.length > 1) return { error: `conflicting options set: [${chosen.join(' ')}]` };
    if (chosen[0] !== undefined) values[name] = chosen[0];
  }
  return { ...defaultOptions(), ...values };
}

/**
 * Understands the arguments of the command.
 *
 * @param isBinary tells whether a path can be opened as an object file
 */
export function parseCommandLine(argv: readonly string[], isBinary: (path: string) => boolean): CommandLine {
  const fail = (message: string): Extract<CommandLine, { kind: 'error' }> => ({
    kind: 'error',
    message: `${message}\n`,
  });
  const parsed = parseFlags(argv, flagTypes());
  if (parsed.kind === 'help') return { kind: 'help', message: commandLineUsage() };
  if (parsed.kind === 'error') {
    const wrong = fail(`${parsed.message}\n${commandLineUsage().slice(0, -1)}`);
    return parsed.unknown === undefined ? wrong : { ...wrong, unknownFlag: parsed.unknown };
  }
  if (parsed.rest.length === 0) return fail(`${commandLineUsage()}no profile source specified`);
  const flags = new Flags(parsed.values);

  const [first = ''] = parsed.rest;
  const hasBinary = parsed.rest.length > 1 && isBinary(first);
  const options = optionsOf(flags);
  if ('error' in options) return fail(options.error);

  const reports: ReportRequest[] = [];
  for (const name of [...commandNames, ...exportNames]) {
    const takesPattern = !isExportName(name) && commandSpec(name).argument;
    const pattern = takesPattern ? flags.text(name) : '';
    if (takesPattern ? pattern !== '' : flags.on(name)) reports.push({ name, pattern });
  }
  if (reports.length > 1) return fail('must set at most one output format');
  const [report] = reports;
  const http = flags.text('http');
  if (report !== undefined && http !== '') {
    return fail('-http is not compatible with an output format on the command line');
  }
  if (flags.on('no_browser') && http === '') return fail('-no_browser only makes sense with -http');

  if (flags.on('compare')) {
    if (report?.name !== 'top' && report?.name !== 'text') return fail('-compare works with -top and -text');
    if (flags.text('base') !== '' || flags.text('diff_base') !== '') {
      return fail('-compare shows sources side by side, -base and -diff_base subtract: choose one');
    }
  }

  const warnings: string[] = [];
  let sampleIndex = options.sample_index;
  for (const [flag, sampleType] of legacySelectors) {
    if (!flags.on(flag)) continue;
    if (sampleIndex === '') sampleIndex = sampleType;
    else warnings.push(`Multiple value selections, ignoring -${flag}`);
  }
  const stopped = (message: string): CommandLine => fail([...warnings, message].join('\n'));
  const base = flags.text('base');
  const diffBase = flags.text('diff_base');
  if (base !== '' && diffBase !== '') return stopped('-base and -diff_base flags cannot both be specified');
  if (options.normalize && base === '' && diffBase === '') {
    return stopped('must have base profile to normalize by');
  }
  return {
    kind: 'run',
    invocation: {
      sources: hasBinary ? parsed.rest.slice(1) : parsed.rest,
      binary: hasBinary ? first : '',
      base: diffBase === '' ? base : diffBase,
      diffBase: diffBase !== '',
      buildId: flags.text('buildid'),
      comment: flags.text('add_comment'),
      symbolize: flags.text('symbolize'),
      network: {
        headers: flags.texts('header'),
        token: flags.text('token'),
        tlsCert: flags.text('tls_cert'),
        tlsKey: flags.text('tls_key'),
        tlsCa: flags.text('tls_ca'),
        seconds: flags.number('seconds'),
        timeout: flags.number('timeout'),
      },
      http,
      noBrowser: flags.on('no_browser'),
      compare: flags.on('compare'),
      named: flags.on('named'),
      options: { ...options, sample_index: sampleIndex, mean: options.mean || flags.on('mean_delay') },
      report,
      warnings,
    },
  };
}
