// What can be wrong with the dumps that are to be judged.

/** What went wrong; stable, for programs. */
export type LeaksErrorCode = 'LEAKS_NO_MEASURE' | 'LEAKS_MIXED' | 'LEAKS_DELTA' | 'LEAKS_SAVED';

/** Thrown when a dump cannot be judged, or not together with the others; its message is one sentence. */
export class LeaksError extends Error {
  override readonly name = 'LeaksError';
  readonly code: LeaksErrorCode;
  constructor(code: LeaksErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
