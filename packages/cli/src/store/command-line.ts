// The command line of `stackpile store`.
import { parseArgs, type ParseArgsOptionsConfig } from 'node:util';
import { UsageError } from '../leaks/command-line.ts';
import { optionProblem } from '../option-problem.ts';

/** What `stackpile store --help` prints. */
export const storeUsage = `usage: stackpile store copy FROM TO

Copies all that one store of a monitor has into another: profiles, sums of hours, what is known of each service. In the end it compares
how many profiles both have and what they add up to. Stopped in the middle, the same command goes on where it was.

FROM, TO
  sqlite:FILE                                   the file of a monitor that is not running
  clickhouse:http://USER:PASSWORD@HOST:8123/DATABASE  a server; ?cluster=NAME for all servers of a cluster

OPTIONS
  --help              print this

It needs Node 22.13 or newer, and for ClickHouse the package @clickhouse/client.

EXIT STATUS
  0 when all is there, 2 after an error, 130 when it was stopped
`;

const options = {
  help: { type: 'boolean', default: false, short: 'h' },
} satisfies ParseArgsOptionsConfig;

/** Names of all options of `stackpile store`, without their dashes. */
export const storeOptionNames: readonly string[] = Object.keys(options);

export interface StoreCommand {
  readonly from: string;
  readonly to: string;
}

/** Reads the arguments after `store`. @throws UsageError */
export function parseStoreArgs(argv: readonly string[]): StoreCommand | 'help' {
  let parsed;
  try {
    parsed = parseArgs({ args: [...argv], allowPositionals: true, options });
  } catch (error) {
    throw new UsageError(optionProblem(error, storeOptionNames), { cause: error });
  }
  if (parsed.values.help) return 'help';
  const [verb = '', from = '', to = '', ...more] = parsed.positionals;
  if (verb === '') throw new UsageError('say what to do: copy FROM TO');
  if (verb !== 'copy') throw new UsageError(`${verb}: there is only copy`);
  if (from === '' || to === '' || more.length > 0) throw new UsageError('copy wants two stores, FROM and TO');
  return { from, to };
}
