// What a tool refuses, in one sentence that says what to do instead.
import type { CliErrorCode } from '../errors.ts';

/** A call that is refused before anything was read for it. */
export class RefusedCall extends Error {
  override readonly name = 'RefusedCall';
  readonly code: CliErrorCode = 'MCP_REFUSED';
}
