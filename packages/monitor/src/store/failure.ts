// The errors of a store in this room's words.
import { StoreError, type StoreErrorCode } from '../errors.ts';

const sentences: Readonly<Record<StoreErrorCode, string>> = {
  STORE_UNSUPPORTED: 'what it needs is not there',
  STORE_LOCKED: 'another process has it open',
  STORE_FULL: 'the disk is full',
  STORE_CORRUPT: 'this is no store, or it is damaged',
  STORE_VERSION: 'another version of Stackpile made it',
  STORE_UNREADABLE: 'it cannot be opened, read or written',
  STORE_UNREACHABLE: 'its server does not answer',
  STORE_BUSY: 'more waits to be kept than there is room for',
  STORE_USAGE: 'that makes no sense',
  STORE_CLOSED: 'it was closed',
};

/** @param name of the store, as it was given: a path, or an address without its password */
export function storeError(name: string, code: StoreErrorCode, why?: string, cause?: unknown): StoreError {
  const said = why === undefined ? sentences[code] : `${sentences[code]} (${why})`;
  return new StoreError(code, `${name}: ${said}`, { cause });
}
