// The command line of `stackpile mcp`.
import { parseArgs, type ParseArgsOptionsConfig } from 'node:util';
import { type LeaksOptions, leaksOptionsOf, serviceOptions, UsageError } from '../leaks/command-line.ts';
import { optionProblem } from '../option-problem.ts';

/** What `stackpile mcp --help` prints. */
export const mcpUsage = `usage: stackpile mcp SOURCE… [OPTION…]

Serves profiles to an assistant, over the Model Context Protocol on standard input and output.

SOURCE
  a file, a folder of dumps, the address of a service, or pid:1234; nothing else can be asked about, and nothing is written

OPTIONS
  --source-path FOLDER  where source files are shown from (the folder that it runs in)
  --header 'N: V'       add a header to every request, as often as needed
  --token TOKEN         short for --header 'Authorization: Bearer TOKEN'
  --mine PATTERN        functions or files that match are your own code (regular expression), as often as needed
  --not-mine PATTERN    functions or files that match are not
  --no-stops            never ask a service for what stops it
  --timeout TIME        longest wait for one answer (60s)
  --tls-ca FILE         certificate authority to trust; --tls-cert and --tls-key for a certificate of your own
  --help                print this

EXIT STATUS
  0 when the client ends, 2 after an error
`;

/** The options, checked. */
export interface McpOptions {
  readonly sourcePath: string;
  /** How services are asked and verdicts found. */
  readonly leaks: LeaksOptions;
}

const options = {
  ...serviceOptions,
  'source-path': { type: 'string' },
  help: { type: 'boolean', default: false, short: 'h' },
} satisfies ParseArgsOptionsConfig;

/** Names of all options of `stackpile mcp`, without their dashes. */
export const mcpOptionNames: readonly string[] = Object.keys(options);

/** Reads the arguments after `mcp`. @throws UsageError */
export function parseMcpArgs(argv: readonly string[]): McpOptions | 'help' {
  let parsed;
  try {
    parsed = parseArgs({ args: [...argv], allowPositionals: true, options });
  } catch (error) {
    throw new UsageError(optionProblem(error, mcpOptionNames), { cause: error });
  }
  const { values, positionals } = parsed;
  if (values.help) return 'help';
  if (positionals.length === 0) throw new UsageError('name the sources that may be asked about');
  return {
    sourcePath: values['source-path'] ?? '.',
    leaks: { ...leaksOptionsOf(values, positionals), sameHost: true },
  };
}
