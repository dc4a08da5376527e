// Processes of this machine as the inspector needs them: are they Node, on which ports do they listen, what memory have they left.
import { execFileSync } from 'node:child_process';
import { open, readdir, readFile, readlink } from 'node:fs/promises';
import { basename } from 'node:path';
import process from 'node:process';

async function text(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch {
    return '';
  }
}

/** What is known of a process before it is signalled. */
export type ProcessCheck =
  | { readonly kind: 'node' }
  | { readonly kind: 'missing' }
  | { readonly kind: 'forbidden' }
  /** Signalling it would end it, or do who knows what. */
  | { readonly kind: 'foreign'; readonly name: string };

/** A text that every Node's own code has and other programs do not. */
const MARK = Buffer.from('Starting inspector on ');
const SIGUSR1_BIT = 1n << 9n;

/** Whether the executable is a Node under another name. */
async function holdsNode(path: string): Promise<boolean> {
  let file;
  try {
    file = await open(path);
  } catch {
    return false;
  }
  try {
    const size = 1 << 20;
    const block = Buffer.alloc(size + MARK.length);
    for (let at = 0; ; at += size) {
      const { bytesRead } = await file.read(block, 0, block.length, at);
      if (block.subarray(0, bytesRead).includes(MARK)) return true;
      if (bytesRead < block.length) return false;
    }
  } finally {
    await file.close();
  }
}

/** Whether `pid` may be sent SIGUSR1: the signal ends any process that does not expect it. */
export async function checkProcess(pid: number): Promise<ProcessCheck> {
  try {
    process.kill(pid, 0);
  } catch (error) {
    return { kind: (error as NodeJS.ErrnoException).code === 'EPERM' ? 'forbidden' : 'missing' };
  }
  if (process.platform !== 'linux') {
    let name = '';
    try {
      name = execFileSync('ps', ['-p', String(pid), '-o', 'comm='], { encoding: 'utf8' }).trim();
    } catch {
      // No such process any more, or no ps.
    }
    return /node/iu.test(basename(name)) ? { kind: 'node' } : { kind: 'foreign', name };
  }
  let executable = '';
  try {
    executable = await readlink(`/proc/${pid}/exe`);
  } catch (error) {
    return { kind: (error as NodeJS.ErrnoException).code === 'EACCES' ? 'forbidden' : 'missing' };
  }
  const name = basename(executable.replace(/ \(deleted\)$/u, ''));
  const caught = /^SigCgt:\s*([\da-f]+)/mu.exec(await text(`/proc/${pid}/status`))?.[1] ?? '0';
  if ((BigInt(`0x${caught}`) & SIGUSR1_BIT) === 0n) return { kind: 'foreign', name };
  const isNode = /^node(?:js)?(?:[-\d.]|$)/u.test(name) || (await holdsNode(`/proc/${pid}/exe`));
  return isNode ? { kind: 'node' } : { kind: 'foreign', name };
}

/** The numbers under which a process may know itself: in a container it has another one than outside. */
export async function ownNumbers(pid: number): Promise<readonly number[]> {
  const line = /^NSpid:\s*(.+)$/mu.exec(await text(`/proc/${pid}/status`))?.[1];
  return line === undefined ? [pid] : [pid, ...line.split(/\s+/u).map(Number)];
}

/** The TCP ports on which a process listens; empty where the system does not tell. */
export async function listeningPorts(pid: number): Promise<readonly number[]> {
  if (process.platform !== 'linux') return [];
  const sockets = new Set<string>();
  let descriptors: string[] = [];
  try {
    descriptors = await readdir(`/proc/${pid}/fd`);
  } catch {
    return [];
  }
  for (const descriptor of descriptors) {
    const target = await readlink(`/proc/${pid}/fd/${descriptor}`).catch(() => '');
    const inode = /^socket:\[(\d+)\]$/u.exec(target)?.[1];
    if (inode !== undefined) sockets.add(inode);
  }
  const ports = new Set<number>();
  for (const table of ['tcp', 'tcp6']) {
    for (const line of (await text(`/proc/${pid}/net/${table}`)).split('\n').slice(1)) {
      const fields = line.trim().split(/\s+/u);
      // State 0A is LISTEN; the tenth field is the inode.
      if (fields[3] !== '0A' || !sockets.has(fields[9] ?? '')) continue;
      ports.add(Number.parseInt((fields[1] ?? '').split(':')[1] ?? '', 16));
    }
  }
  return [...ports];
}
