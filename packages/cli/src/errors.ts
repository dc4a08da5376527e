// Every way in which the command can fail on purpose.

/**
 * The errors of this room, compared with docs/errors.md and with the sources by `npm run check -- error-codes`. `codes`: what a
 * user can meet, stable for programs, and what it means. `internal`: classes that never get that far, and who turns them into
 * something that may.
 */
export const errorTable = {
  codes: {
    USAGE: 'The command line of a subcommand cannot be understood; the message names the option.',
    FOLDER_GONE: 'The folder that the command was started in does not exist any more.',
    OUTPUT_UNWRITABLE: 'A file for a form of the verdict cannot be written.',
    MCP_REFUSED:
      'A tool of `stackpile mcp` was called with what it does not take; the message says what it takes.',
    BUNDLE: 'A folder holds no bundle of a black box, or one that cannot be read; the message says why.',
    PPROF_FAILED:
      'A report of `stackpile` failed; the message is the one that `go tool pprof` prints for the same.',
    HTTP_ADDRESS: 'What stands behind `-http=` is no address to listen on.',
    PAGE_MISSING: 'The web page was never built, or by another version.',
    FILE_NOT_SHOWN: 'A file that the Source view asked for is not shown; the message says why.',
  },
  internal: {
    BinaryError: 'binaries/names.ts binaryNames',
  },
} as const;

/** What went wrong; stable, for programs. */
export type CliErrorCode = keyof typeof errorTable.codes;
