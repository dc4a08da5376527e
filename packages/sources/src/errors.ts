// Every way in which a source cannot be read, or a running service not be asked.

/**
 * The errors of this room, compared with docs/errors.md and with the sources by `npm run check -- error-codes`. `codes`: what a
 * user can meet, stable for programs, and what it means. `internal`: classes that never get that far, and who turns them into
 * something that may.
 */
export const errorTable = {
  codes: {
    SOURCE_USAGE: 'The source, a header or an option cannot be understood.',
    SOURCE_NOT_FOUND: 'There is no such file.',
    SOURCE_UNREADABLE: 'The file is there and cannot be read.',
    SOURCE_UNREACHABLE: 'Nobody answers at the address.',
    SOURCE_UNAUTHORIZED: 'The server wants to know who asks (401 or 403).',
    SOURCE_HTTP_STATUS: 'The server answered with another status than 200; its own words are in the message.',
    SOURCE_TIMEOUT: 'No whole answer came in time.',
    SOURCE_TOO_LARGE: 'The answer or file is larger than the limit.',
    SOURCE_ABORTED: 'It was interrupted.',
    SOURCE_MALFORMED: 'What came is no answer that was asked for.',
    SOURCE_ENDED: 'The process ended while it was looked at, by itself.',
  },
  internal: {
    InspectorError: 'process/captures.ts capture all',
  },
} as const;

/** What went wrong with a source; stable, for programs. */
export type SourceErrorCode = keyof typeof errorTable.codes;

/** What is known of a failure beyond its code. `refused`: nothing listened there. */
export type SourceErrorDetail = 'redirects' | 'incomplete' | 'not-tls' | 'web-server' | 'refused';

/** Thrown by everything that reads sources; its message is one sentence that begins with the source's name. */
export class SourceError extends Error {
  override readonly name = 'SourceError';
  readonly code: SourceErrorCode;
  /** HTTP status where there was one. */
  readonly status: number | null;
  /** What is known beyond the code. */
  readonly detail: SourceErrorDetail | null;
  constructor(
    code: SourceErrorCode,
    message: string,
    options?: ErrorOptions & {
      status?: number;
      detail?: SourceErrorDetail;
    },
  ) {
    super(message, options);
    this.code = code;
    this.status = options?.status ?? null;
    this.detail = options?.detail ?? null;
  }
}
