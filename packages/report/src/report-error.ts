// The one error that whoever asks for a report, an export or filters can meet.
import type { ReportErrorCode } from './errors.ts';

/** Why a report cannot be made; the message is the sentence that pprof prints. */
export class ReportError extends Error {
  override readonly name = 'ReportError';
  readonly code: ReportErrorCode = 'REPORT_FAILED';
  /** Warnings that came before the error, one line each for stderr. */
  readonly warnings: readonly string[];
  /** What pprof prints on stdout although it fails (`disasm` only), else ''. */
  readonly output: string;
  constructor(message: string, warnings: readonly string[] = [], output = '') {
    super(message);
    this.warnings = warnings;
    this.output = output;
  }
}
