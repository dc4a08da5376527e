// A lease on an inspector that we opened: the process closes it by itself once we are gone, for instance because we were killed.
import { readFile, readlink } from 'node:fs/promises';
import process from 'node:process';
import { LEASE_NAME } from '@stackpile/profile';
import { type InspectorConnection, InspectorError } from './conversation.ts';

/** Seconds after which a process that cannot see us, and hears nothing from us, closes its inspector. */
const LEASE_SECONDS = 60;
const RENEW_MS = 10_000;

/** Whoever holds a lease, as the process sees it. */
export interface LeaseOwner {
  readonly pid: number;
  /** When it began, in the system's own count: a number is given to another process some day. null where nobody tells. */
  readonly born: string | null;
}

/** A module of Node. `require` is there for every kind of main script, `getBuiltinModule` since 20.16. */
const builtin = (name: string): string =>
  `(process.getBuiltinModule ? process.getBuiltinModule('node:${name}') : require('node:${name}'))`;

/**
 * What is evaluated in the process; its value renews and ends the lease. Nothing of it is global, and its timer does not keep the
 * process alive. It closes the inspector only when its owner is gone: closing waits for whoever is connected, and one that is
 * stopped would stop the process too. An owner that cannot be seen (null) has to renew: the process counts its own seconds, in
 * which its loop turns, and some more for a large heap, whose owner may be busy reading it.
 */
export function leaseScript(owner: LeaseOwner | null, seconds: number): string {
  return `(() => {
  const inspector = ${builtin('inspector')};
  const fs = ${builtin('fs')};
  const owner = ${JSON.stringify(owner)};
  const patience = () => ${seconds} + process.memoryUsage().heapUsed / 1e7;
  let left = patience();
  let closed = false;
  function isOwnerGone() {
    if (owner.born !== null) {
      try {
        const text = fs.readFileSync('/proc/' + owner.pid + '/stat', 'latin1');
        const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
        return fields[0] === 'Z' || fields[0] === 'X' || fields[19] !== owner.born;
      } catch {}
    }
    try {
      process.kill(owner.pid, 0);
      return false;
    } catch (error) {
      return error.code === 'ESRCH';
    }
  }
  const named = { '${LEASE_NAME}'() {
    if (closed || inspector.url() === undefined) clearInterval(timer);
    else if (owner === null ? --left <= 0 : isOwnerGone()) close();
  } };
  const timer = setInterval(named['${LEASE_NAME}'], 1000);
  timer.unref();
  // Ends the timer with its next turn: what interrupts a timer that is due and clears it has Node call what is no function any more.
  function close() {
    closed = true;
    inspector.close();
  }
  return { renew() { left = patience(); }, close };
})()
//# sourceURL=node:stackpile/lease`;
}

/** Evaluated in the process where there is no lease: closes the inspector. The reply never comes. */
export const CLOSE_EXPRESSION: string = `${builtin('inspector')}.close()`;

/** When a process began, as the system counts it; null where it does not tell. */
async function bornAt(pid: number | 'self'): Promise<string | null> {
  const text = await readFile(`/proc/${pid}/stat`, 'latin1').catch(() => '');
  return text.slice(text.lastIndexOf(')') + 2).split(' ')[19] ?? null;
}

/** This process as the process `pid` sees it; null where it does not see us by our number: it may be in a container. */
export async function ownerFor(pid: number): Promise<LeaseOwner | null> {
  if (process.platform === 'linux') {
    const ours = await readlink('/proc/self/ns/pid').catch(() => '');
    const theirs = await readlink(`/proc/${pid}/ns/pid`).catch(() => null);
    if (ours !== theirs) return null;
  }
  return { pid: process.pid, born: await bornAt('self') };
}

export interface Lease {
  /** Ends the lease and closes the inspector; nothing answers to that. */
  close(): void;
}

/**
 * Begins a lease in the process behind a connection whose inspector we opened.
 *
 * @throws InspectorError
 */
export async function beginLease(connection: InspectorConnection, owner: LeaseOwner | null): Promise<Lease> {
  const { result } = await connection.post<{ result: { objectId?: string } }>('Runtime.evaluate', {
    expression: leaseScript(owner, LEASE_SECONDS),
    includeCommandLineAPI: true,
    silent: true,
  });
  const { objectId } = result;
  if (objectId === undefined) throw new InspectorError('the process took no lease');
  const call = (name: 'renew' | 'close'): void =>
    connection.send('Runtime.callFunctionOn', {
      objectId,
      functionDeclaration: `function () { this.${name}(); }`,
      silent: true,
    });
  const timer = owner === null ? setInterval(() => call('renew'), RENEW_MS) : undefined;
  timer?.unref();
  void connection.ended.then(() => clearInterval(timer));
  return {
    close: () => {
      clearInterval(timer);
      call('close');
    },
  };
}
