// Where the processes of `stackpile run` tell of themselves: a socket in a folder that only this user may open.
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { type Arrival, arrivalOf } from './arrival.ts';

/** What one process may send. */
const MOST_BYTES = 4096;

/** An open door. */
export interface Door {
  /** Path of the socket. */
  readonly path: string;
  close(): Promise<void>;
}

/** Opens a door; every process that tells of itself is handed to `arrived`. */
export async function openDoor(arrived: (arrival: Arrival) => void): Promise<Door> {
  // Its mode is 0700. The path has to be short: a socket's may have a hundred bytes.
  const folder = await mkdtemp(join(tmpdir(), 'stackpile-door-'));
  const isWindows = process.platform === 'win32';
  const path = isWindows ? `\\\\.\\pipe\\${folder.replaceAll(/\W/gu, '-')}` : join(folder, 'run');
  const server = createServer((socket) => {
    let text = '';
    socket.setEncoding('utf8');
    socket.on('error', () => socket.destroy());
    socket.on('data', (chunk: string) => {
      text += chunk;
      if (text.length > MOST_BYTES) socket.destroy();
    });
    socket.on('end', () => {
      socket.end();
      const arrival = arrivalOf(text);
      if (arrival !== null) arrived(arrival);
    });
  });
  try {
    server.listen(path);
    await once(server, 'listening');
  } catch (error) {
    await rm(folder, { recursive: true, force: true });
    throw error;
  }
  return {
    path,
    async close() {
      server.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
