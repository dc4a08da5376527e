// What can be wrong with the dumps that are to be judged.

/**
 * The errors of this room, compared with docs/errors.md and with the sources by `npm run check -- error-codes`. `codes`: what a
 * user can meet, stable for programs, and what it means. `internal`: classes that never get that far, and who turns them into
 * something that may.
 */
export const errorTable = {
  codes: {
    LEAKS_NO_MEASURE: 'Nothing in the profile counts what is alive, as goroutines, tasks or bytes in use do.',
    LEAKS_MIXED: 'The dumps count different things.',
    LEAKS_DELTA: 'The profile is a difference of two.',
    LEAKS_SAVED:
      'What a watch was to be restored from is no saved watch, or a damaged one; the message says where.',
  },
  internal: {},
} as const;

/** What went wrong; stable, for programs. */
export type LeaksErrorCode = keyof typeof errorTable.codes;

/** Thrown when a dump cannot be judged, or not together with the others; its message is one sentence. */
export class LeaksError extends Error {
  override readonly name = 'LeaksError';
  readonly code: LeaksErrorCode;
  constructor(code: LeaksErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
