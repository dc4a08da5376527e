// Every way in which the agent can refuse to start or fail to capture, as one typed error.

/**
 * The errors of this room, compared with docs/errors.md and with the sources by `npm run check -- error-codes`. `codes`: what a
 * user can meet, stable for programs, and what it means. `internal`: classes that never get that far, and who turns them into
 * something that may.
 */
export const errorTable = {
  codes: {
    AGENT_OPTIONS:
      'An option is unknown, of the wrong type or out of its range, or a token that no request can carry; the message names it, and the one that was probably meant.',
    AGENT_AUTH_REQUIRED: 'A mounted handler, or a server beyond loopback, was given no `auth`.',
    AGENT_CARRIER:
      'A handler was called by, or `register` was given, something that is no framework of those that are known; the message says what to import.',
    AGENT_LISTEN: 'The port cannot be listened on.',
    AGENT_THREAD:
      '`startServer` or `createHandler` was called in a worker thread; they profile the main thread.',
    AGENT_PERMISSION:
      "Node's permission model (`--permission`) forbids what the profiler lives on: a worker thread, the inspector, its own files, a listener.",
    AGENT_SIDECAR: 'The worker thread that serves profiles did not start, or failed.',
    AGENT_CLOSED: 'The process is exiting, or the server was closed.',
    AGENT_UNAVAILABLE: 'The capture cannot be had in this process; the message says why.',
    AGENT_TIMEOUT: 'The main thread did not answer in time.',
    AGENT_LEAKS:
      'A test, or what `expectNoGrowth` ran many times, left something behind; the message says what, with the stacks that made it.',
    AGENT_ABORTED: 'The client went away before the capture was done.',
  },
  internal: {
    EndpointError: 'endpoints/endpoints.ts answer',
  },
} as const;

/** What went wrong; stable, for programs. */
export type AgentErrorCode = keyof typeof errorTable.codes;

/** Thrown by `startServer`, `createHandler` and captures; its message is one sentence. */
export class AgentError extends Error {
  override readonly name: string = 'AgentError';
  readonly code: AgentErrorCode;
  constructor(code: AgentErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** The message of whatever was thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
