// Every way in which reading or checking a profile can fail, as one typed error.

/**
 * The errors of this room, compared with docs/errors.md and with the sources by `npm run check -- error-codes`. `codes`: what a
 * user can meet, stable for programs, and what it means. `internal`: classes that never get that far, and who turns them into
 * something that may.
 */
export const errorTable = {
  codes: {
    PROFILE_EMPTY: 'There are no bytes, or nothing but blanks.',
    PROFILE_TRUNCATED: 'The bytes end in the middle of something; the message names the byte.',
    PROFILE_MALFORMED: 'A byte cannot be there; the message names it.',
    PROFILE_CONCATENATED: 'Several profiles stand one behind the other in one file.',
    PROFILE_UNRECOGNIZED:
      'No format that is known begins like this; the message says what it is instead, where that shows: a web page, an error message, a program, an archive.',
    PROFILE_TOO_LARGE: 'It is, or claims to be, larger than the limit or than memory allows.',
    PROFILE_INVALID: 'The tables contradict each other; the message names the table and the row.',
    PROFILE_INCOMPATIBLE: 'Profiles that do not measure the same cannot be merged or compared.',
    FILE_NOT_REGULAR: 'It is a device, a pipe, a socket or a folder: nobody knows whether it ends.',
    FILE_TOO_LARGE: 'It is longer than what is read of such a file.',
    WIRE_MALFORMED:
      'What a service says of itself, or what a page was given, is not in the form that both sides agreed on; the message names the field.',
  },
  internal: {},
} as const;

/** What went wrong; stable, for programs. */
export type ProfileErrorCode = Extract<keyof typeof errorTable.codes, `PROFILE_${string}`>;

/** What went wrong between two processes. */
export type WireErrorCode = Extract<keyof typeof errorTable.codes, `WIRE_${string}`>;

/** Options of {@link ProfileError}. */
export interface ProfileErrorOptions extends ErrorOptions {
  /** What `go tool pprof` says about the same input, word for word and without the name of the source. */
  readonly pprofMessage?: string | undefined;
  /** The input is of another, known kind, and the message says which, and what to do with it. */
  readonly isForeign?: boolean;
}

/** Characters of a message that are kept: it may quote what a file holds. */
const LONGEST_MESSAGE = 600;

/** Thrown by every reader, by `checkValid` and by merging; its message is one sentence that names the byte or the row. */
export class ProfileError extends Error {
  override readonly name = 'ProfileError';
  readonly code: ProfileErrorCode;
  /** What `go tool pprof` prints after `<source>: ` for the same input; undefined where it accepts what we refuse. */
  readonly pprofMessage: string | undefined;
  /** The message says of which other kind the input is. */
  readonly isForeign: boolean;
  constructor(code: ProfileErrorCode, message: string, options?: ProfileErrorOptions) {
    super(message.length > LONGEST_MESSAGE ? `${message.slice(0, LONGEST_MESSAGE)}…` : message, options);
    this.code = code;
    this.pprofMessage = options?.pprofMessage;
    this.isForeign = options?.isForeign ?? false;
  }
}
