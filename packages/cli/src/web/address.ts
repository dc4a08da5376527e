// `-http=[host]:[port]`: where the pages are served, with pprof's words for what is wrong.
// Upstream: google/pprof internal/driver/webui.go, 2025-11-14
import type { CliErrorCode } from '../errors.ts';

/** Where to listen. */
export interface ListenAddress {
  readonly host: string;
  /** 0 means a free one. */
  readonly port: number;
}

/** Thrown for an address that is none; the message is pprof's. */
export class AddressError extends Error {
  override readonly name = 'AddressError';
  readonly code: CliErrorCode = 'HTTP_ADDRESS';
}

/** Splits `host:port`; both may be empty: localhost, and a free port. */
export function parseAddress(text: string): ListenAddress {
  const bracketed = /^\[([^\]]*)\](?::(.*))?$/u.exec(text);
  const colon = text.lastIndexOf(':');
  if (bracketed === null ? colon < 0 : bracketed[2] === undefined) {
    throw new AddressError(`could not split http address: address ${text}: missing port in address`);
  }
  if (bracketed === null && text.indexOf(':') !== colon) {
    throw new AddressError(`could not split http address: address ${text}: too many colons in address`);
  }
  const host = bracketed?.[1] ?? text.slice(0, colon);
  const port = bracketed?.[2] ?? text.slice(colon + 1);
  if (port !== '' && (!/^\d{1,5}$/u.test(port) || Number(port) > 65_535)) {
    throw new AddressError(`invalid port number: ${port}`);
  }
  return { host: host === '' ? 'localhost' : host, port: port === '' ? 0 : Number(port) };
}

/** `host:port` as it stands in an address line. */
export function hostPort(host: string, port: number): string {
  return `${host.includes(':') ? `[${host}]` : host}:${port}`;
}
