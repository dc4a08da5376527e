// Flags about sources that pprof does not have: one table for the command line and its help.
import type { FlagType } from './flags.ts';

interface OwnFlag {
  readonly type: FlagType;
  readonly help: string;
}

/** Name → what it takes and what the usage says of it. */
export const ownFlags: Readonly<Record<string, OwnFlag>> = {
  compare: { type: 'bool', help: 'Show several sources side by side: -top -compare a b c' },
  header: { type: 'strings', help: "Send a header to servers, as in -header='Name: value'; may be repeated" },
  named: { type: 'bool', help: "Read the names that Go's text dumps print, which pprof ignores" },
  token: { type: 'string', help: 'Send a bearer token to servers' },
};
