// Every way in which profiles cannot be kept or found again, and in which a monitor cannot be set up or asked.

/** The errors of this room, compared with docs/errors.md and with the sources by `npm run check -- error-codes`. */
export const errorTable = {
  codes: {
    STORE_UNSUPPORTED: 'This Node has no `node:sqlite`, or `@clickhouse/client` is not installed.',
    STORE_LOCKED: 'Another process writes to the store.',
    STORE_FULL: 'The disk is full; what was acknowledged before is kept.',
    STORE_CORRUPT: 'The file is no store, or its content is damaged.',
    STORE_VERSION: 'The store was made by another version.',
    STORE_UNREADABLE: 'The store cannot be opened, read or written.',
    STORE_UNREACHABLE: 'The server of the store does not answer; what was acknowledged before is kept.',
    STORE_BUSY: 'More waits to be kept than there is room for: it comes faster than the store takes it.',
    STORE_USAGE: 'A record or a question makes no sense: a time that is no number, say.',
    STORE_CLOSED: 'The store was closed.',
    MONITOR_CONFIG: 'The configuration file cannot be used; the message names line and column.',
    MONITOR_SECRET: 'A file or variable that holds a secret or a certificate cannot be read.',
    MONITOR_DISCOVERY: 'Targets cannot be found just now; those that were found before stay.',
    MONITOR_REQUEST: 'A request to the monitor cannot be understood.',
    MONITOR_TOO_LARGE: 'A request to the monitor is longer than is read.',
    MONITOR_BUSY: 'The monitor has as many requests or senders as it takes.',
  },
  internal: {},
} as const;

/** What went wrong with a store; stable, for programs. */
export type StoreErrorCode = Extract<keyof typeof errorTable.codes, `STORE_${string}`>;

/** Thrown by every store; its message is one sentence that begins with the store's name. */
export class StoreError extends Error {
  override readonly name = 'StoreError';
  readonly code: StoreErrorCode;
  constructor(code: StoreErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** What went wrong with a monitor; stable, for programs. */
export type MonitorErrorCode = Extract<keyof typeof errorTable.codes, `MONITOR_${string}`>;

/** Thrown by what a monitor is set up with; its message is one sentence. */
export class MonitorError extends Error {
  override readonly name = 'MonitorError';
  readonly code: MonitorErrorCode;
  constructor(code: MonitorErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
