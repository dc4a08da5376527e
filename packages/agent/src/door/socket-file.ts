// A socket in the file system: made where nobody else can reach it, then put in its place, and taken away only by who made it.
import { chmodSync, linkSync, lstatSync, mkdtempSync, rmSync, type Stats, unlinkSync } from 'node:fs';
import { connect, type Server } from 'node:net';
import { dirname, join } from 'node:path';
import { AgentError } from '../errors.ts';

/** How long one that listens may take to accept. */
const ACCEPT_MS = 1_000;

function statOf(path: string): Stats | null {
  try {
    return lstatSync(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}

/** Whether somebody accepts connections there, or may: only a refusal says that nobody does. */
function isListenedOn(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path);
    const settle = (listens: boolean): void => {
      clearTimeout(timer);
      socket.destroy();
      resolve(listens);
    };
    const timer = setTimeout(() => settle(true), ACCEPT_MS);
    socket.on('connect', () => settle(true));
    socket.on('error', (error: NodeJS.ErrnoException) => settle(error.code !== 'ECONNREFUSED'));
  });
}

const isSame = (one: Stats | null, other: Stats): boolean => one?.ino === other.ino && one.dev === other.dev;

/**
 * Takes away what a process that has ended has left there.
 *
 * @throws {AgentError} `AGENT_LISTEN` where somebody listens, or there is something else than a socket
 */
async function removeStale(path: string): Promise<void> {
  const found = statOf(path);
  if (found === null) return;
  if (!found.isSocket())
    throw new AgentError('AGENT_LISTEN', 'there is a file of that name, which is no socket');
  if (await isListenedOn(path)) throw new AgentError('AGENT_LISTEN', 'somebody listens there');
  // Not one that somebody has put there meanwhile.
  if (isSame(statOf(path), found)) unlinkSync(path);
}

/**
 * Listens on a socket that only this user can open (mode 0600, from its first moment on).
 *
 * @returns what takes the socket away, if it is still this one
 * @throws {AgentError} `AGENT_LISTEN` where somebody listens there already; else the system's error
 */
export async function listenOnFile(server: Server, path: string): Promise<() => void> {
  await removeStale(path);
  // A folder of mode 0700: whoever connects has to pass it until the mode of the socket is right.
  const folder = mkdtempSync(join(dirname(path), '.sp-'));
  try {
    const made = join(folder, 's');
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(made, () => {
        server.off('error', reject);
        resolve();
      });
    });
    chmodSync(made, 0o600);
    const own = lstatSync(made);
    try {
      // It takes no name that somebody else has taken meanwhile.
      linkSync(made, path);
    } catch (error) {
      server.close();
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
      throw new AgentError('AGENT_LISTEN', 'somebody listens there');
    }
    return () => {
      if (isSame(statOf(path), own)) unlinkSync(path);
    };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
