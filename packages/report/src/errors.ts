// Every way in which a report can fail, and the one that tells why none can be prepared.

/**
 * The errors of this room, compared with docs/errors.md and with the sources by `npm run check -- error-codes`. `codes`: what a
 * user can meet, stable for programs, and what it means. `internal`: classes that never get that far, and who turns them into
 * something that may.
 */
export const errorTable = {
  codes: {
    OPTION_INVALID: 'An option of a report has a value that is none of its type.',
    REPORT_FAILED:
      'A report cannot be made of this profile with these options; the message is the one that `go tool pprof` prints.',
  },
  internal: {
    PrepareError: 'report.ts runReport',
    PatternError: 'go/regexp.ts compilePattern',
    Malformed: 'names/demangle/itanium.ts demangleItanium',
    NameTooLong: 'names/demangle/itanium.ts demangleItanium',
  },
} as const;

/** What went wrong; stable, for programs. */
export type ReportErrorCode = keyof typeof errorTable.codes;

/** A failure whose message is pprof's sentence; whoever prepares a report adds the warnings that came before. */
export class PrepareError extends Error {
  override readonly name = 'PrepareError';
}
