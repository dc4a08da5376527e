// The one table of report options: flags, shell, help, URL parameters and validation are all derived from it.
// Upstream: google/pprof internal/driver/config.go internal/driver/commands.go, 2025-11-14
import type { ReportErrorCode } from './errors.ts';

/** What one option is. `help` is what `help NAME` prints; its first line is what the usage lists. */
interface OptionBase {
  readonly help: string;
  /** Name of the URL parameter, '' where the option cannot be set by URL. */
  readonly url: string;
  /** Is the option part of a saved view? */
  readonly saved: boolean;
}
interface BooleanOption extends OptionBase {
  readonly type: 'boolean';
  readonly default: boolean;
}
interface NumberOption extends OptionBase {
  readonly type: 'int' | 'float';
  readonly default: number;
}
interface TextOption extends OptionBase {
  readonly type: 'text';
  readonly default: string;
}
interface ChoiceOption extends OptionBase {
  readonly type: 'choice';
  /** '' where the default depends on the report. */
  readonly default: string;
  /** The allowed values with their help; on the command line each is a boolean flag of its own. */
  readonly choices: Readonly<Record<string, string>>;
}
/** A row of {@link optionTable}. */
export type OptionSpec = BooleanOption | NumberOption | TextOption | ChoiceOption;

/** Every option, in the order in which saved views list them. */
export const optionTable = {
  output: {
    type: 'text',
    default: '',
    url: '',
    saved: false,
    help: 'Output filename for file-based outputs\n',
  },
  call_tree: {
    type: 'boolean',
    default: false,
    url: 'calltree',
    saved: true,
    help: 'Create a context-sensitive call tree\nTreat locations reached through different paths as separate.\n',
  },
  relative_percentages: {
    type: 'boolean',
    default: false,
    url: 'rel',
    saved: true,
    help: 'Show percentages relative to focused subgraph\nIf unset, percentages are relative to full graph before focusing\nto facilitate comparison with original graph.\n',
  },
  unit: {
    type: 'text',
    default: 'minimum',
    url: 'unit',
    saved: true,
    help: 'Measurement units to display\nScale the sample values to this unit.\nFor time-based profiles, use seconds, milliseconds, nanoseconds, etc.\nFor memory profiles, use megabytes, kilobytes, bytes, etc.\nUsing auto will scale each value independently to the most natural unit.\n',
  },
  compact_labels: {
    type: 'boolean',
    default: false,
    url: 'compact',
    saved: true,
    help: 'Show minimal headers',
  },
  source_path: { type: 'text', default: '', url: '', saved: false, help: 'Search path for source files' },
  trim_path: {
    type: 'text',
    default: '',
    url: '',
    saved: false,
    help: 'Path to trim from source paths before search',
  },
  intel_syntax: {
    type: 'boolean',
    default: false,
    url: 'intel',
    saved: true,
    help: 'Show assembly in Intel syntax\nOnly applicable to commands `disasm` and `weblist`\n',
  },
  mean: {
    type: 'boolean',
    default: false,
    url: 'mean',
    saved: true,
    help: 'Average sample value over first value (count)\nFor memory profiles, report average memory per allocation.\nFor time-based profiles, report average time per event.\n',
  },
  sample_index: {
    type: 'text',
    default: '',
    url: 'si',
    saved: false,
    help: 'Sample value to report (0-based index or name)\nProfiles contain multiple values per sample.\nUse sample_index=i to select the ith value (starting at 0).\n',
  },
  divide_by: {
    type: 'float',
    default: 1,
    url: '',
    saved: false,
    help: 'Ratio to divide all samples before visualization\nDivide all samples values by a constant, eg the number of processors or jobs.\n',
  },
  normalize: {
    type: 'boolean',
    default: false,
    url: 'norm',
    saved: true,
    help: 'Scales profile based on the base profile.\n',
  },
  sort: {
    type: 'choice',
    default: 'flat',
    url: 'sort',
    saved: true,
    help: '',
    choices: {
      cum: 'Sort entries based on cumulative weight\n',
      flat: 'Sort entries based on own weight\n',
    },
  },
  tagroot: {
    type: 'text',
    default: '',
    url: '',
    saved: true,
    help: 'Adds pseudo stack frames for labels key/value pairs at the callstack root.\nA comma-separated list of label keys.\nThe first key creates frames at the new root.\n',
  },
  tagleaf: {
    type: 'text',
    default: '',
    url: '',
    saved: true,
    help: 'Adds pseudo stack frames for labels key/value pairs at the callstack leaf.\nA comma-separated list of label keys.\nThe last key creates frames at the new leaf.\n',
  },
  drop_negative: {
    type: 'boolean',
    default: false,
    url: 'dropneg',
    saved: true,
    help: 'Ignore negative differences\nDo not show any locations with values <0.\n',
  },
  nodecount: {
    type: 'int',
    default: -1,
    url: 'n',
    saved: true,
    help: 'Max number of nodes to show\nUses heuristics to limit the number of locations to be displayed.\nOn graphs, dotted edges represent paths through nodes that have been removed.\n',
  },
  nodefraction: { type: 'float', default: 0.005, url: 'nf', saved: true, help: 'Hide nodes below <f>*total' },
  edgefraction: { type: 'float', default: 0.001, url: 'ef', saved: true, help: 'Hide edges below <f>*total' },
  trim: {
    type: 'boolean',
    default: true,
    url: 'trim',
    saved: true,
    help: 'Honor nodefraction/edgefraction/nodecount defaults\nSet to false to get the full profile, without any trimming.\n',
  },
  focus: {
    type: 'text',
    default: '',
    url: 'f',
    saved: true,
    help: 'Restricts to samples going through a node matching regexp\nDiscard samples that do not include a node matching this regexp.\nMatching includes the function name, filename or object name.\n',
  },
  ignore: {
    type: 'text',
    default: '',
    url: 'i',
    saved: true,
    help: 'Skips paths going through any nodes matching regexp\nIf set, discard samples that include a node matching this regexp.\nMatching includes the function name, filename or object name.\n',
  },
  prune_from: {
    type: 'text',
    default: '',
    url: 'prunefrom',
    saved: true,
    help: 'Drops any functions below the matched frame.\nIf set, any frames matching the specified regexp and any frames\nbelow it will be dropped from each sample.\n',
  },
  hide: {
    type: 'text',
    default: '',
    url: 'h',
    saved: true,
    help: 'Skips nodes matching regexp\nDiscard nodes that match this location.\nOther nodes from samples that include this location will be shown.\nMatching includes the function name, filename or object name.\n',
  },
  show: {
    type: 'text',
    default: '',
    url: 's',
    saved: true,
    help: 'Only show nodes matching regexp\nIf set, only show nodes that match this location.\nMatching includes the function name, filename or object name.\n',
  },
  show_from: {
    type: 'text',
    default: '',
    url: 'sf',
    saved: true,
    help: 'Drops functions above the highest matched frame.\nIf set, all frames above the highest match are dropped from every sample.\nMatching includes the function name, filename or object name.\n',
  },
  tagfocus: {
    type: 'text',
    default: '',
    url: 'tf',
    saved: true,
    help: 'Restricts to samples with tags in range or matched by regexp\nUse name=value syntax to limit the matching to a specific tag.\nNumeric tag filter examples: 1kb, 1kb:10kb, memory=32mb:\nString tag filter examples: foo, foo.*bar, mytag=foo.*bar\n',
  },
  tagignore: {
    type: 'text',
    default: '',
    url: 'ti',
    saved: true,
    help: 'Discard samples with tags in range or matched by regexp\nUse name=value syntax to limit the matching to a specific tag.\nNumeric tag filter examples: 1kb, 1kb:10kb, memory=32mb:\nString tag filter examples: foo, foo.*bar, mytag=foo.*bar\n',
  },
  tagshow: {
    type: 'text',
    default: '',
    url: 'ts',
    saved: true,
    help: 'Only consider tags matching this regexp\nDiscard tags that do not match this regexp\n',
  },
  taghide: {
    type: 'text',
    default: '',
    url: 'th',
    saved: true,
    help: 'Skip tags matching this regexp\nDiscard tags that match this regexp\n',
  },
  noinlines: {
    type: 'boolean',
    default: false,
    url: 'noinlines',
    saved: true,
    help: 'Ignore inlines.\nAttributes inlined functions to their first out-of-line caller.\n',
  },
  showcolumns: {
    type: 'boolean',
    default: false,
    url: 'showcolumns',
    saved: true,
    help: 'Show column numbers at the source code line level.\n',
  },
  granularity: {
    type: 'choice',
    default: '',
    url: 'g',
    saved: true,
    help: '',
    choices: {
      functions: 'Aggregate at the function level.\nIgnores the filename where the function was defined.\n',
      filefunctions:
        'Aggregate at the function level.\nTakes into account the filename where the function was defined.\n',
      files: 'Aggregate at the file level.',
      lines: 'Aggregate at the source code line level.',
      addresses: "Aggregate at the address level.\nIncludes functions' addresses in the output.\n",
    },
  },
} as const;

/** Options that pprof does not have; kept apart so that its usage and its lists stay its own. */
export const extensionTable = {
  hide_libs: {
    type: 'boolean',
    default: false,
    url: 'hidelibs',
    saved: true,
    help: 'Hide libraries and the runtime\nFrames of node_modules, node:, the Go module cache and the standard library are hidden,\ntheir values go to the nearest caller that is shown.\n',
  },
  mine: {
    type: 'boolean',
    default: false,
    url: 'mine',
    saved: true,
    help: 'Show only your own code\nWhat your functions spend in libraries is theirs. Samples that never go through your\ncode are left out, of the percentages too.\n',
  },
} as const;

type Table = typeof optionTable;
type ExtensionTable = typeof extensionTable;
type ValueOf<S> = S extends { type: 'boolean' }
  ? boolean
  : S extends { type: 'int' | 'float' }
    ? number
    : S extends { type: 'choice'; choices: infer C; default: infer D }
      ? keyof C | D
      : string;

/** Name of an option, as flags, shell and saved views write it. */
export type OptionName = keyof Table;
/** Name of an option of {@link extensionTable}. */
export type ExtensionName = keyof ExtensionTable;
/** A value for every option. */
export type ReportOptions = { readonly [K in OptionName]: ValueOf<Table[K]> } & {
  readonly [K in ExtensionName]: ValueOf<ExtensionTable[K]>;
};

const specs: { readonly [K in OptionName | ExtensionName]: OptionSpec } = {
  ...optionTable,
  ...extensionTable,
};

/** Names of pprof's options, in table order. */
export const optionNames: readonly OptionName[] = Object.keys(optionTable) as OptionName[];
/** Names of the options that pprof does not have. */
export const extensionNames: readonly ExtensionName[] = Object.keys(extensionTable) as ExtensionName[];
const allNames: readonly (OptionName | ExtensionName)[] = [...optionNames, ...extensionNames];

/** The row of `name`. */
export function optionSpec(name: OptionName | ExtensionName): OptionSpec {
  return specs[name];
}

/** Is `name` an option that pprof does not have? */
export function isExtensionName(name: string): name is ExtensionName {
  return Object.hasOwn(extensionTable, name);
}

/** Is `name` an option of pprof? */
export function isOptionName(name: string): name is OptionName {
  return Object.hasOwn(optionTable, name);
}

/** The option of which `name` is a choice (`cum` → `sort`), or undefined. */
export function optionOfChoice(name: string): OptionName | undefined {
  return optionNames.find((option) => {
    const spec = specs[option];
    return spec.type === 'choice' && Object.hasOwn(spec.choices, name);
  });
}

/** Everything that can stand left of `=` in the shell: options and choices. */
export function configurableNames(): string[] {
  const names: string[] = [];
  for (const name of optionNames) {
    const spec = specs[name];
    names.push(name);
    if (spec.type === 'choice') names.push(...Object.keys(spec.choices));
  }
  return names;
}

/** All options at their defaults. */
export function defaultOptions(): ReportOptions {
  const values: Record<string, string | number | boolean> = {};
  for (const name of allNames) values[name] = specs[name].default;
  return values as unknown as ReportOptions;
}

/** Help of an option or a choice as `help NAME` prints it, without the blank line after it; undefined for other names. */
export function optionHelp(name: string): string | undefined {
  if ((isOptionName(name) || isExtensionName(name)) && specs[name].type !== 'choice') return specs[name].help;
  const option = optionOfChoice(name);
  if (option === undefined) return undefined;
  const spec = specs[option];
  return spec.type === 'choice' ? spec.choices[name] : undefined;
}

/** An option text that is not a value of its type; the message is the sentence that pprof prints. */
export class OptionError extends Error {
  override readonly name = 'OptionError';
  readonly code: ReportErrorCode = 'OPTION_INVALID';
}

/**
 * Returns `options` with `name` set from text, in the syntax of the shell and of URLs (not of flags).
 * `name` may be a choice: `cum=1` is `sort=cum`. Throws {@link OptionError}.
 */
export function setOption(options: ReportOptions, name: string, text: string): ReportOptions {
  if (isOptionName(name) || isExtensionName(name)) return { ...options, [name]: parseValue(name, text) };
  const option = optionOfChoice(name);
  if (option !== undefined && goTrue.has(text)) return { ...options, [option]: name };
  throw new OptionError(`unknown config field ${quote(name)}`);
}

/** The text of a value, as Go's `%v` prints it. */
export function optionText(options: ReportOptions, name: OptionName | ExtensionName): string {
  const value = options[name];
  return typeof value === 'number' ? formatGoFloat(value) : String(value);
}

function parseValue(name: OptionName | ExtensionName, text: string): string | number | boolean {
  const spec = specs[name];
  switch (spec.type) {
    case 'text':
      return text;
    case 'choice':
      if (!Object.hasOwn(spec.choices, text))
        throw new OptionError(`invalid ${quote(name)} value ${quote(text)}`);
      return text;
    case 'boolean': {
      const low = text.toLowerCase();
      if (['true', 't', 'yes', 'y', '1', ''].includes(low)) return true;
      if (['false', 'f', 'no', 'n', '0'].includes(low)) return false;
      throw new OptionError(`illegal value "${text}" for bool variable`);
    }
    case 'int': {
      const parsed = parseGoInt(text, false);
      if (typeof parsed === 'string')
        throw new OptionError(`strconv.Atoi: parsing ${quote(text)}: ${parsed}`);
      return Number(parsed);
    }
    case 'float': {
      const parsed = parseGoFloat(text);
      if (typeof parsed === 'string')
        throw new OptionError(`strconv.ParseFloat: parsing ${quote(text)}: ${parsed}`);
      return parsed;
    }
  }
}

/** What `URLSearchParams` offers; a structural type because this room knows no Web API. */
export interface UrlParameters {
  get(name: string): string | null;
}

/** Returns `options` with every parameter of `parameters` applied; empty ones count as absent. Throws {@link OptionError}. */
export function applyUrlParameters(options: ReportOptions, parameters: UrlParameters): ReportOptions {
  let result = options;
  for (const name of allNames) {
    const { url } = specs[name];
    const text = url === '' ? '' : (parameters.get(url) ?? '');
    if (text === '') continue;
    try {
      result = setOption(result, name, text);
    } catch (error) {
      if (error instanceof OptionError) {
        throw new OptionError(`error setting config field ${name}: ${error.message}`);
      }
      throw error;
    }
  }
  return result;
}

/** The URL parameters of a view: `[parameter, text]` for every option that a saved view keeps and that is not at its default, else `[parameter, '']`. */
export function urlParameters(options: ReportOptions): [parameter: string, text: string][] {
  const result: [string, string][] = [];
  for (const name of allNames) {
    const spec = specs[name];
    if (spec.url === '' || !spec.saved) continue;
    const value = options[name];
    let text = '';
    if (value !== spec.default)
      text = typeof value === 'boolean' ? (value ? 't' : 'f') : optionText(options, name);
    result.push([spec.url, text]);
  }
  return result;
}

const goTrue = new Set(['1', 't', 'T', 'TRUE', 'true', 'True']);
const goFalse = new Set(['0', 'f', 'F', 'FALSE', 'false', 'False']);

/** Go's strconv.ParseBool; undefined where it fails. */
export function parseGoBool(text: string): boolean | undefined {
  if (goTrue.has(text)) return true;
  return goFalse.has(text) ? false : undefined;
}

const INT_MAX = (1n << 63n) - 1n;

/**
 * Go's strconv.Atoi, or with `prefixes` ParseInt with base 0 as flags use it (`0x10`, `0b1`, `0o7`, `017`, `1_000`).
 * Answers the reason of failure as text.
 */
export function parseGoInt(
  text: string,
  prefixes: boolean,
): bigint | 'invalid syntax' | 'value out of range' {
  const match = /^([+-]?)(.*)$/s.exec(text);
  const negative = match?.[1] === '-';
  let digits = match?.[2] ?? '';
  if (prefixes) {
    if (!/^(0[xX](_?[0-9a-fA-F])+|0[bB](_?[01])+|0[oO]?(_?[0-7])+|0|[1-9](_?[0-9])*)$/.test(digits)) {
      return 'invalid syntax';
    }
    digits = digits.replaceAll('_', '').toLowerCase();
    if (/^0[0-7]+$/.test(digits)) digits = `0o${digits}`;
  } else if (!/^[0-9]+$/.test(digits)) {
    return 'invalid syntax';
  }
  if (digits.length > 200) return 'value out of range';
  const magnitude = BigInt(digits);
  const value = negative ? -magnitude : magnitude;
  return value > INT_MAX || value < -INT_MAX - 1n ? 'value out of range' : value;
}

/** Go's strconv.ParseFloat(…, 64); answers the reason of failure as text. */
export function parseGoFloat(text: string): number | 'invalid syntax' | 'value out of range' {
  const special = /^([+-]?)(inf|infinity|nan)$/i.exec(text);
  if (special) {
    const word = special[2]?.toLowerCase();
    if (word === 'nan') return special[1] === '' ? Number.NaN : 'invalid syntax';
    return special[1] === '-' ? -Infinity : Infinity;
  }
  if (/^[+-]?0[xX]/.test(text)) return parseHexFloat(text);
  // Underscores may stand between digits.
  const plain = text.replace(/(?<=[0-9])_(?=[0-9])/g, '');
  if (!/^[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?$/.test(plain)) return 'invalid syntax';
  const value = Number(plain);
  return Number.isFinite(value) ? value : 'value out of range';
}

function parseHexFloat(text: string): number | 'invalid syntax' | 'value out of range' {
  // Base-0 floats may carry underscores, but only after a prefix: `0x_1p4`.
  const match =
    /^([+-]?)0[xX]((?:_?[0-9a-fA-F])*)\.?((?:[0-9a-fA-F](?:_?[0-9a-fA-F])*)?)[pP]([+-]?[0-9]+)$/.exec(text);
  if (!match) return 'invalid syntax';
  const whole = (match[2] ?? '').replaceAll('_', '');
  const fraction = (match[3] ?? '').replaceAll('_', '');
  if (whole + fraction === '' || whole.length + fraction.length > 200) return 'invalid syntax';
  const value = Number(BigInt(`0x${whole}${fraction}`)) * 2 ** (Number(match[4]) - 4 * fraction.length);
  if (!Number.isFinite(value)) return 'value out of range';
  return match[1] === '-' ? -value : value;
}

/** Go's `%v` of a float64 (also of an int): shortest digits, exponent form below 1e-4 and from 1e21. */
export function formatGoFloat(value: number): string {
  if (Number.isNaN(value)) return 'NaN';
  if (!Number.isFinite(value)) return value > 0 ? '+Inf' : '-Inf';
  if (Object.is(value, -0)) return '-0';
  const magnitude = Math.abs(value);
  if (magnitude !== 0 && magnitude < 1e-4) {
    return value.toExponential().replace(/e([+-])(\d)$/, 'e$10$2');
  }
  return String(value);
}

function quote(text: string): string {
  return JSON.stringify(text);
}
