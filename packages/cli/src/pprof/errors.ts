// The one error that ends a run of the command, or one command of the shell.
import type { CliErrorCode } from '../errors.ts';

/** Its message is the line for stderr, without a newline at the end. */
export class DriverError extends Error {
  override readonly name = 'DriverError';
  readonly code: CliErrorCode = 'PPROF_FAILED';
}
