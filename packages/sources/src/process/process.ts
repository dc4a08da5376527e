// Processes of this machine as the inspector needs them: are they Node, on which ports do they listen, what memory have they left.
import { execFileSync } from 'node:child_process';
import { readdir, readFile, readlink } from 'node:fs/promises';
import { basename } from 'node:path';
import process from 'node:process';
import { holdsNode, isNodeInstallation, NODE_LIBRARY } from './node-executable.ts';

async function text(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch {
    return '';
  }
}

/** What is known of a process before it is signalled. */
export type ProcessCheck =
  /** `hears`: it opens its inspector on SIGUSR1, or handles that signal itself. */
  | { readonly kind: 'node'; readonly hears: boolean }
  | { readonly kind: 'missing' }
  /** It has ended; whoever started it has not noticed. */
  | { readonly kind: 'ended' }
  /** By SIGSTOP or under a debugger: it would open its inspector some day, when nobody is there to close it. */
  | { readonly kind: 'stopped' }
  | { readonly kind: 'forbidden' }
  /** In another network, as in a container: its inspector would open where we cannot reach it. */
  | { readonly kind: 'elsewhere' }
  /** No Node: the signal would end it, or do who knows what. */
  | { readonly kind: 'foreign'; readonly name: string };

const SIGUSR1_BIT = 1n << 9n;

function isForbidden(error: unknown): boolean {
  const code = error instanceof Error && 'code' in error ? error.code : '';
  return code === 'EPERM' || code === 'EACCES';
}

/** Whether a process runs Node, as its own executable or as a library in it. */
async function runsNode(pid: number): Promise<boolean> {
  if (await holdsNode(`/proc/${pid}/exe`)) return true;
  const libraries = new Set<string>();
  for (const line of (await text(`/proc/${pid}/maps`)).split('\n')) {
    const path = /\s(\/.*)$/u.exec(line)?.[1];
    if (path !== undefined && NODE_LIBRARY.test(path)) libraries.add(path);
  }
  // Under its own root: a container has other files than we.
  for (const path of libraries) if (await holdsNode(`/proc/${pid}/root${path}`)) return true;
  return false;
}

async function checkLinux(pid: number): Promise<ProcessCheck> {
  const status = await text(`/proc/${pid}/status`);
  const state = /^State:\s*(\S)/mu.exec(status)?.[1] ?? '';
  if (state === '') return { kind: 'missing' };
  if (state === 'Z' || state === 'X') return { kind: 'ended' };
  let executable: string;
  let network: string;
  try {
    executable = await readlink(`/proc/${pid}/exe`);
    network = await readlink(`/proc/${pid}/ns/net`);
  } catch (error) {
    if (isForbidden(error)) return { kind: 'forbidden' };
    // The kernel's own threads have none.
    const name = /^Name:\s*(.*)$/mu.exec(status)?.[1] ?? '';
    return (await text(`/proc/${pid}/cmdline`)) === '' ? { kind: 'foreign', name } : { kind: 'missing' };
  }
  if (!(await runsNode(pid)))
    return { kind: 'foreign', name: basename(executable.replace(/ \(deleted\)$/u, '')) };
  if (state === 'T' || state === 't') return { kind: 'stopped' };
  if (network !== (await readlink('/proc/self/ns/net'))) return { kind: 'elsewhere' };
  const caught = /^SigCgt:\s*([\da-f]+)/mu.exec(status)?.[1] ?? '0';
  return { kind: 'node', hears: (BigInt(`0x${caught}`) & SIGUSR1_BIT) !== 0n };
}

/** Where there is no /proc, as on macOS: `ps` names the state and the executable. Whether it hears the signal is not told. */
async function checkByPs(pid: number): Promise<ProcessCheck> {
  let line = '';
  try {
    line = execFileSync('ps', ['-p', String(pid), '-o', 'stat=,comm='], { encoding: 'utf8' }).trim();
  } catch {
    // No such process any more, or no ps.
  }
  const [, state = '', executable = ''] = /^(\S+)\s+(.*)$/u.exec(line) ?? [];
  if (state === '') return { kind: 'missing' };
  if (state.startsWith('Z')) return { kind: 'ended' };
  if (!(await isNodeInstallation(executable))) return { kind: 'foreign', name: basename(executable) };
  return state.startsWith('T') ? { kind: 'stopped' } : { kind: 'node', hears: true };
}

/** Whether `pid` may be sent SIGUSR1: the signal ends any process that does not expect it. */
export async function checkProcess(pid: number): Promise<ProcessCheck> {
  try {
    process.kill(pid, 0);
  } catch (error) {
    return { kind: isForbidden(error) ? 'forbidden' : 'missing' };
  }
  return process.platform === 'linux' ? checkLinux(pid) : checkByPs(pid);
}

/** Whether a process is there and has not ended. */
export async function isRunning(pid: number): Promise<boolean> {
  try {
    process.kill(pid, 0);
  } catch (error) {
    return isForbidden(error);
  }
  return !/^State:\s*[ZX]/mu.test(await text(`/proc/${pid}/status`));
}

/**
 * The ports among `listening` on which a process that we have not signalled may have its inspector: those that it names on its
 * command line or in NODE_OPTIONS, and the usual ones. The others are its own business: a request there stands in its logs.
 */
export async function inspectorPorts(pid: number, listening: readonly number[]): Promise<readonly number[]> {
  const said = `${await text(`/proc/${pid}/cmdline`)}\0${await text(`/proc/${pid}/environ`)}`;
  const named = new Set<number>();
  let isNamed = true;
  for (const [, port] of said.matchAll(/--inspect(?:-brk|-wait)?(?:=(?:[^\s\0]*:)?(\d+))?(?=[\s\0"']|$)/gu)) {
    if (port === '0') isNamed = false;
    else if (port !== undefined) named.add(Number(port));
  }
  return isNamed ? listening.filter((port) => named.has(port) || isUsualPort(port)) : listening;
}

function isUsualPort(port: number): boolean {
  return port >= 9229 && port <= 9239;
}

/** The numbers under which a process may know itself: in a container it has another one than outside. */
export async function ownNumbers(pid: number): Promise<readonly number[]> {
  const line = /^NSpid:\s*(.+)$/mu.exec(await text(`/proc/${pid}/status`))?.[1];
  return line === undefined ? [pid] : [pid, ...line.split(/\s+/u).map(Number)];
}

/** Sockets that a process has, by inode, with its descriptor of each. */
async function socketsOf(pid: number): Promise<ReadonlyMap<string, number>> {
  const sockets = new Map<string, number>();
  for (const descriptor of await readdir(`/proc/${pid}/fd`).catch(() => [])) {
    const target = await readlink(`/proc/${pid}/fd/${descriptor}`).catch(() => '');
    const inode = /^socket:\[(\d+)\]$/u.exec(target)?.[1];
    if (inode !== undefined) sockets.set(inode, Number(descriptor));
  }
  return sockets;
}

/**
 * The TCP ports on which a process listens, lowest descriptor first: an inspector that is open from the beginning comes before all
 * of the program's own. Empty where the system does not tell.
 */
export async function listeningPorts(pid: number): Promise<readonly number[]> {
  if (process.platform !== 'linux') return [];
  const sockets = await socketsOf(pid);
  const ports = new Map<number, number>();
  for (const table of ['tcp', 'tcp6']) {
    for (const line of (await text(`/proc/${pid}/net/${table}`)).split('\n').slice(1)) {
      const fields = line.trim().split(/\s+/u);
      // State 0A is LISTEN; the tenth field is the inode.
      const descriptor = fields[3] === '0A' ? sockets.get(fields[9] ?? '') : undefined;
      if (descriptor === undefined) continue;
      ports.set(Number.parseInt((fields[1] ?? '').split(':')[1] ?? '', 16), descriptor);
    }
  }
  return [...ports].sort((one, other) => one[1] - other[1]).map(([port]) => port);
}
