// Errors of the engine.
import type { EngineErrorCode } from '../errors.ts';

/** An error that the worker reported; the message is a sentence for the user. */
export class EngineError extends Error {
  override readonly name = 'EngineError';
  readonly code: EngineErrorCode;
  /** What a server answered with instead of a profile; 0 where it is not about that. */
  readonly status: number;
  constructor(code: EngineErrorCode, message: string, status = 0) {
    super(message);
    this.code = code;
    this.status = status;
  }
}
