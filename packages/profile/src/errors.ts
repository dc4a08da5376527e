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

/** Thrown by every reader, by `checkValid` and by merging; its message is one sentence that names the byte or the row. */
export class ProfileError extends Error {
  override readonly name = 'ProfileError';
  readonly code: ProfileErrorCode;
  constructor(code: ProfileErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
