// What is an address, and what is this machine itself: one list for listeners, Host headers and the command line.

/**
 * The address that a text is, in its one way of writing (`::FFFF:127.0.0.1` as `::ffff:7f00:1`), or null where it is none.
 * IPv6 stands with or without brackets. Zones (`fe80::1%eth0`) are no part of an address: they mean something else on each machine.
 */
function addressOf(host: string): string | null {
  if (/^(?:(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)(?:\.(?!$)|$)){4}$/u.test(host)) return host;
  const inner = /^\[?([0-9a-f:.]{2,45})\]?$/iu.exec(host)?.[1];
  if (inner === undefined || host.startsWith('[') !== host.endsWith(']')) return null;
  try {
    return new URL(`http://[${inner}]`).hostname.slice(1, -1);
  } catch {
    return null;
  }
}

/** Whether a text is an IPv4 or IPv6 address. No name server can make an address mean another machine. */
export function isAddress(host: string): boolean {
  return addressOf(host) !== null;
}

/** Whether only this machine reaches what listens on `host`: `localhost`, 127.0.0.0/8, `::1`, the former mapped into IPv6. */
export function isLoopback(host: string): boolean {
  if (/^localhost\.?$/iu.test(host)) return true;
  const address = addressOf(host);
  return address !== null && (/^(?:127\.|::ffff:7f[0-9a-f]{2}:)/u.test(address) || address === '::1');
}

/** Whether a name in a `Host` header can only mean this machine: loopback, and names below `localhost`, which browsers never look up. */
export function isOwnName(name: string): boolean {
  return isLoopback(name) || name.endsWith('.localhost');
}

/** What a `Host` header says. */
export interface HostHeader {
  /** In small letters, without a final dot; IPv6 without brackets. */
  readonly name: string;
  readonly port: number | null;
}

/** Takes a `Host` header apart; null where it is none: a second colon, a user name, brackets around what is no address. */
export function parseHost(header: string): HostHeader | null {
  const match = /^(?:\[([0-9a-f:.]+)\]|([^\s:@/\\[\]]+))(?::(\d{1,5}))?$/u.exec(header.toLowerCase());
  if (match === null) return null;
  const [, inner, plain = '', port] = match;
  if (inner !== undefined && !(inner.includes(':') && isAddress(inner))) return null;
  const name = inner ?? plain.replace(/\.$/u, '');
  return { name, port: port === undefined ? null : Number(port) };
}
