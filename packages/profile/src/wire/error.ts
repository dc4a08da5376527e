// What another process, or the page's own boot, says and does not say in the form that both sides agreed on.
import type { WireErrorCode } from '../errors.ts';

/** Characters of a message that are kept: it may quote what somebody sent. */
const LONGEST_MESSAGE = 600;

/** Thrown by the readers of `wire/`; its message is one sentence that names the field. */
export class WireError extends Error {
  override readonly name = 'WireError';
  readonly code: WireErrorCode = 'WIRE_MALFORMED';
  constructor(message: string, options?: ErrorOptions) {
    super(message.length > LONGEST_MESSAGE ? `${message.slice(0, LONGEST_MESSAGE)}…` : message, options);
  }
}
