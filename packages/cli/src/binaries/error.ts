// Why a binary tells no names.

/** Thrown by readers of binaries; the message is the end of a sentence: `it is cut short`. */
export class BinaryError extends Error {
  override readonly name = 'BinaryError';
}
