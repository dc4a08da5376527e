// The one table of report commands: report flags, shell commands, their help and what happens to their output.
// Upstream: google/pprof internal/driver/commands.go, 2025-11-14

interface CommandSpec {
  /** The kind of report that `runReport` makes; pictures and viewers work on the text of `dot` or `callgrind`. */
  readonly kind: string;
  /** Does the command need a regular expression? */
  readonly argument: boolean;
  readonly description: string;
  /** Lines of usage for `help COMMAND`, '' where there are none. */
  readonly usage: string;
  /** How the report of that kind becomes the output: a picture that Graphviz makes, or as it is. */
  readonly picture?: 'gif' | 'pdf' | 'png' | 'ps' | 'svg';
  /** Extension of the file that is written instead of filling a terminal. */
  readonly extension?: string;
  /** Programs that show the output, tried in order; `browser` stands for the user's browsers. */
  readonly viewers?: readonly string[];
}

/** Every command of pprof. */
export const commandTable = {
  comments: { kind: 'comments', argument: false, description: 'Output all profile comments', usage: '' },
  disasm: {
    kind: 'disasm',
    argument: true,
    description: 'Output assembly listings annotated with samples',
    usage:
      'disasm<func_regex|address> [-focus_regex]* [-ignore_regex]* >f\nInclude functions matching func_regex, or including the address specified.\nInclude samples matching focus_regex, and exclude ignore_regex.\nOptionally save the report on the file f',
  },
  dot: {
    kind: 'dot',
    argument: false,
    description: 'Outputs a graph in DOT format',
    usage:
      'dot [n] [focus_regex]* [-ignore_regex]* >f\nInclude up to n samples\nInclude samples matching focus_regex, and exclude ignore_regex.\nOptionally save the report on the file f',
  },
  list: {
    kind: 'list',
    argument: true,
    description: 'Output annotated source for functions matching regexp',
    usage:
      'list<func_regex|address> [-focus_regex]* [-ignore_regex]*\nInclude functions matching func_regex, or including the address specified.\nInclude samples matching focus_regex, and exclude ignore_regex.',
  },
  peek: {
    kind: 'peek',
    argument: true,
    description: 'Output callers/callees of functions matching regexp',
    usage: 'peek func_regex\nDisplay callers and callees of functions matching func_regex.',
  },
  raw: {
    kind: 'raw',
    argument: false,
    description: 'Outputs a text representation of the raw profile',
    usage: '',
  },
  tags: {
    kind: 'tags',
    argument: false,
    description: 'Outputs all tags in the profile',
    usage:
      'tags [tag_regex]* [-ignore_regex]* [>file]\nList tags with key:value matching tag_regex and exclude ignore_regex.',
  },
  text: {
    kind: 'text',
    argument: false,
    description: 'Outputs top entries in text form',
    usage:
      'text [n] [focus_regex]* [-ignore_regex]* [-cum] >f\nInclude up to n samples\nInclude samples matching focus_regex, and exclude ignore_regex.\n-cum sorts the output by cumulative weight\nOptionally save the report on the file f',
  },
  top: {
    kind: 'top',
    argument: false,
    description: 'Outputs top entries in text form',
    usage:
      'top [n] [focus_regex]* [-ignore_regex]* [-cum] >f\nInclude up to n samples\nInclude samples matching focus_regex, and exclude ignore_regex.\n-cum sorts the output by cumulative weight\nOptionally save the report on the file f',
  },
  traces: {
    kind: 'traces',
    argument: false,
    description: 'Outputs all profile samples in text form',
    usage: '',
  },
  tree: {
    kind: 'tree',
    argument: false,
    description: 'Outputs a text rendering of call graph',
    usage:
      'tree [n] [focus_regex]* [-ignore_regex]* [-cum] >f\nInclude up to n samples\nInclude samples matching focus_regex, and exclude ignore_regex.\n-cum sorts the output by cumulative weight\nOptionally save the report on the file f',
  },
  callgrind: {
    kind: 'callgrind',
    argument: false,
    description: 'Outputs a graph in callgrind format',
    usage:
      'callgrind [n] [focus_regex]* [-ignore_regex]* >f\nInclude up to n samples\nInclude samples matching focus_regex, and exclude ignore_regex.\nOptionally save the report on the file f',
    extension: 'callgraph.out',
  },
  proto: {
    kind: 'proto',
    argument: false,
    description: 'Outputs the profile in compressed protobuf format',
    usage: '',
    extension: 'pb.gz',
  },
  topproto: {
    kind: 'topproto',
    argument: false,
    description: 'Outputs top entries in compressed protobuf format',
    usage: '',
    extension: 'pb.gz',
  },
  gif: {
    kind: 'dot',
    argument: false,
    description: 'Outputs a graph image in GIF format',
    usage:
      'gif [n] [focus_regex]* [-ignore_regex]* >f\nInclude up to n samples\nInclude samples matching focus_regex, and exclude ignore_regex.\nOptionally save the report on the file f',
    picture: 'gif',
    extension: 'gif',
  },
  pdf: {
    kind: 'dot',
    argument: false,
    description: 'Outputs a graph in PDF format',
    usage:
      'pdf [n] [focus_regex]* [-ignore_regex]* >f\nInclude up to n samples\nInclude samples matching focus_regex, and exclude ignore_regex.\nOptionally save the report on the file f',
    picture: 'pdf',
    extension: 'pdf',
  },
  png: {
    kind: 'dot',
    argument: false,
    description: 'Outputs a graph image in PNG format',
    usage:
      'png [n] [focus_regex]* [-ignore_regex]* >f\nInclude up to n samples\nInclude samples matching focus_regex, and exclude ignore_regex.\nOptionally save the report on the file f',
    picture: 'png',
    extension: 'png',
  },
  ps: {
    kind: 'dot',
    argument: false,
    description: 'Outputs a graph in PS format',
    usage:
      'ps [n] [focus_regex]* [-ignore_regex]* >f\nInclude up to n samples\nInclude samples matching focus_regex, and exclude ignore_regex.\nOptionally save the report on the file f',
    picture: 'ps',
    extension: 'ps',
  },
  svg: {
    kind: 'dot',
    argument: false,
    description: 'Outputs a graph in SVG format',
    usage:
      'svg [n] [focus_regex]* [-ignore_regex]* >f\nInclude up to n samples\nInclude samples matching focus_regex, and exclude ignore_regex.\nOptionally save the report on the file f',
    picture: 'svg',
    extension: 'svg',
  },
  eog: {
    kind: 'dot',
    argument: false,
    description: 'Visualize graph through eog',
    usage:
      'eog [n] [focus_regex]* [-ignore_regex]*\nInclude up to n samples\nInclude samples matching focus_regex, and exclude ignore_regex.',
    picture: 'svg',
    viewers: ['eog'],
  },
  evince: {
    kind: 'dot',
    argument: false,
    description: 'Visualize graph through evince',
    usage:
      'evince [n] [focus_regex]* [-ignore_regex]*\nInclude up to n samples\nInclude samples matching focus_regex, and exclude ignore_regex.',
    picture: 'pdf',
    viewers: ['evince'],
  },
  gv: {
    kind: 'dot',
    argument: false,
    description: 'Visualize graph through gv',
    usage:
      'gv [n] [focus_regex]* [-ignore_regex]*\nInclude up to n samples\nInclude samples matching focus_regex, and exclude ignore_regex.',
    picture: 'ps',
    viewers: ['gv --noantialias'],
  },
  web: {
    kind: 'dot',
    argument: false,
    description: 'Visualize graph through web browser',
    usage:
      'web [n] [focus_regex]* [-ignore_regex]*\nInclude up to n samples\nInclude samples matching focus_regex, and exclude ignore_regex.',
    picture: 'svg',
    viewers: ['browser'],
  },
  kcachegrind: {
    kind: 'callgrind',
    argument: false,
    description: 'Visualize report in KCachegrind',
    usage:
      'kcachegrind [n] [focus_regex]* [-ignore_regex]*\nInclude up to n samples\nInclude samples matching focus_regex, and exclude ignore_regex.',
    viewers: ['kcachegrind'],
  },
  weblist: {
    kind: 'weblist',
    argument: true,
    description: 'Display annotated source in a web browser',
    usage:
      'weblist<func_regex|address> [-focus_regex]* [-ignore_regex]*\nInclude functions matching func_regex, or including the address specified.\nInclude samples matching focus_regex, and exclude ignore_regex.',
    viewers: ['browser'],
  },
} as const;

/** Name of a command, as flags and the shell write it. */
export type CommandName = keyof typeof commandTable;
type Row = (typeof commandTable)[CommandName];
/** Kinds of report that need a regular expression. */
export type PatternKind = Extract<Row, { argument: true }>['kind'];
/** Kinds of report that need none. */
export type PlainKind = Extract<Row, { argument: false }>['kind'];

/** What to make of a profile. `pattern` is a regular expression in Go's syntax, not yet checked. */
export type ReportCommand =
  | { readonly [K in PlainKind]: { readonly kind: K } }[PlainKind]
  | { readonly [K in PatternKind]: { readonly kind: K; readonly pattern: string } }[PatternKind];

const specs: { readonly [K in CommandName]: CommandSpec } = commandTable;

/** Names of all commands. */
export const commandNames: readonly CommandName[] = Object.keys(commandTable) as CommandName[];

/** The row of `name`. */
export function commandSpec(name: CommandName): CommandSpec {
  return specs[name];
}

/** Is `name` a command? */
export function isCommandName(name: string): name is CommandName {
  return Object.hasOwn(commandTable, name);
}

/** The report that command `name` needs; `pattern` is ignored where the command takes none. */
export function reportCommand(name: CommandName, pattern = ''): ReportCommand {
  const row = commandTable[name];
  return row.argument ? { kind: row.kind, pattern } : { kind: row.kind };
}
