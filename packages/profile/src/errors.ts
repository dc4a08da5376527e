// Every way in which reading or checking a profile can fail, as one typed error.

/** What went wrong; stable, for programs. */
export type ProfileErrorCode =
  | 'PROFILE_EMPTY'
  | 'PROFILE_TRUNCATED'
  | 'PROFILE_MALFORMED'
  | 'PROFILE_CONCATENATED'
  | 'PROFILE_UNRECOGNIZED'
  | 'PROFILE_TOO_LARGE'
  | 'PROFILE_INVALID'
  | 'PROFILE_INCOMPATIBLE';

/** Options of {@link ProfileError}. */
export interface ProfileErrorOptions extends ErrorOptions {
  /** What `go tool pprof` says about the same input, word for word and without the name of the source. */
  readonly pprofMessage?: string | undefined;
}

/** Characters of a message that are kept: it may quote what a file holds. */
const LONGEST_MESSAGE = 600;

/** Thrown by every reader, by `checkValid` and by merging; its message is one sentence that names the byte or the row. */
export class ProfileError extends Error {
  override readonly name = 'ProfileError';
  readonly code: ProfileErrorCode;
  /** What `go tool pprof` prints after `<source>: ` for the same input; undefined where it accepts what we refuse. */
  readonly pprofMessage: string | undefined;
  constructor(code: ProfileErrorCode, message: string, options?: ProfileErrorOptions) {
    super(message.length > LONGEST_MESSAGE ? `${message.slice(0, LONGEST_MESSAGE)}…` : message, options);
    this.code = code;
    this.pprofMessage = options?.pprofMessage;
  }
}
