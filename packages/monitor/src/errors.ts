// Every way in which profiles cannot be kept or found again.

/** The errors of this room, compared with docs/errors.md and with the sources by `npm run check -- error-codes`. */
export const errorTable = {
  codes: {
    STORE_UNSUPPORTED: 'This Node has no `node:sqlite`.',
    STORE_LOCKED: 'Another process writes to the store.',
    STORE_FULL: 'The disk is full; what was acknowledged before is kept.',
    STORE_CORRUPT: 'The file is no store, or its content is damaged.',
    STORE_VERSION: 'The store was made by another version.',
    STORE_UNREADABLE: 'The store cannot be opened, read or written.',
    STORE_USAGE: 'A record or a question makes no sense: a time that is no number, say.',
    STORE_CLOSED: 'The store was closed.',
  },
  internal: {},
} as const;

/** What went wrong with a store; stable, for programs. */
export type StoreErrorCode = keyof typeof errorTable.codes;

/** Thrown by every store; its message is one sentence that begins with the store's name. */
export class StoreError extends Error {
  override readonly name = 'StoreError';
  readonly code: StoreErrorCode;
  constructor(code: StoreErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
