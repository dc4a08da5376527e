// What the system of this machine says of a process from outside, without asking it: /proc. It answers also when the process does not.
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { memoryRoom } from '@stackpile/agent/inspector';

/** A process from outside. Bytes; null where it is not known, or nothing bounds it. */
export interface Outside {
  readonly pid: number;
  readonly rss: number;
  /** Of the tightest cgroup, where one bounds it; `used` is what counts against that. */
  readonly group: { readonly used: number; readonly limit: number } | null;
  readonly addresses: number | null;
  /** `ulimit -v` */
  readonly addressLimit: number | null;
  readonly descriptors: number | null;
  readonly descriptorLimit: number | null;
  readonly threads: number | null;
  /** `GOMEMLIMIT` of its environment, where this user may read that. */
  readonly goLimit: number | null;
}

function text(path: string): string | null {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return null;
  }
}

function count(path: string): number | null {
  try {
    return readdirSync(path).length;
  } catch {
    return null;
  }
}

function numberIn(lines: string | null, pattern: RegExp, factor = 1): number | null {
  const digits = lines === null ? undefined : pattern.exec(lines)?.[1];
  return digits === undefined ? null : Number(digits) * factor;
}

const units: Readonly<Record<string, number>> = {
  '': 1,
  B: 1,
  KiB: 2 ** 10,
  MiB: 2 ** 20,
  GiB: 2 ** 30,
  TiB: 2 ** 40,
};

/** What `GOMEMLIMIT` says in the environment of a process; null where it says nothing. Nothing else of it is kept. */
export function goLimitOf(environment: string | null): number | null {
  const [, digits, unit = ''] =
    /(?:^|\0)GOMEMLIMIT=(\d{1,15})([A-Za-z]{0,3})(?:\0|$)/u.exec(environment ?? '') ?? [];
  const bytes = Number(digits) * (units[unit] ?? Number.NaN);
  return Number.isFinite(bytes) && bytes > 0 ? bytes : null;
}

/** Looks at a process; null where there is none of that number, or this system has no /proc. */
export function outsideOf(pid: number): Outside | null {
  const at = `/proc/${pid}`;
  const status = text(`${at}/status`);
  const rss = numberIn(status, /^VmRSS:\s+(\d+) kB/mu, 1024);
  if (rss === null) return null;
  const limits = text(`${at}/limits`);
  const { used, limit, what } = memoryRoom(pid, { limit: 0, rss });
  return {
    pid,
    rss,
    group: what === 'cgroup' ? { used, limit } : null,
    addresses: numberIn(status, /^VmSize:\s+(\d+) kB/mu, 1024),
    addressLimit: numberIn(limits, /^Max address space\s+(\d+)/mu),
    descriptors: count(`${at}/fd`),
    descriptorLimit: numberIn(limits, /^Max open files\s+(\d+)/mu),
    threads: numberIn(status, /^Threads:\s+(\d+)/mu),
    goLimit: goLimitOf(text(`${at}/environ`)),
  };
}

const LISTENS = '0A';

/** The sockets of this machine that listen on a port, by their number. */
function listeningSockets(port: number): Set<string> {
  const found = new Set<string>();
  for (const table of ['/proc/net/tcp', '/proc/net/tcp6'])
    for (const line of (text(table) ?? '').split('\n')) {
      const [, local = '', , state, , , , , , inode = ''] = line.trim().split(/\s+/u);
      if (state === LISTENS && Number.parseInt(local.split(':')[1] ?? '', 16) === port) found.add(inode);
    }
  return found;
}

function holds(pid: string, sockets: ReadonlySet<string>): boolean {
  try {
    for (const fd of readdirSync(`/proc/${pid}/fd`)) {
      const [, inode = ''] = /^socket:\[(\d+)\]$/u.exec(linkOf(`/proc/${pid}/fd/${fd}`)) ?? [];
      if (sockets.has(inode)) return true;
    }
  } catch {
    // Another user's, or gone.
  }
  return false;
}

function linkOf(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return '';
  }
}

/**
 * The process of this machine that listens on a port and was started by the command line that the service tells of itself; null where
 * that is not to be seen. What forwards a port to a container listens too, and is another program.
 *
 * @param commandLine as Go's `cmdline` answers: arguments with NUL between them
 */
export function listenerOn(port: number, commandLine: string): number | null {
  const sockets = listeningSockets(port);
  if (sockets.size === 0) return null;
  const pids = names('/proc').filter((name) => /^\d+$/u.test(name));
  const pid = pids.find(
    (one) => text(`/proc/${one}/cmdline`)?.replace(/\0$/u, '') === commandLine && holds(one, sockets),
  );
  return pid === undefined ? null : Number(pid);
}

function names(path: string): string[] {
  try {
    return readdirSync(path);
  } catch {
    return [];
  }
}
