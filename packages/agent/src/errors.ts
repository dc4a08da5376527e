// Every way in which the agent can refuse to start or fail to capture, as one typed error.

/** What went wrong; stable, for programs. */
export type AgentErrorCode =
  | 'AGENT_OPTIONS'
  | 'AGENT_AUTH_REQUIRED'
  | 'AGENT_LISTEN'
  | 'AGENT_THREAD'
  | 'AGENT_PERMISSION'
  | 'AGENT_SIDECAR'
  | 'AGENT_CLOSED'
  | 'AGENT_UNAVAILABLE'
  | 'AGENT_TIMEOUT'
  | 'AGENT_ABORTED';

/** Thrown by `startServer`, `createHandler` and captures; its message is one sentence. */
export class AgentError extends Error {
  override readonly name = 'AgentError';
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
