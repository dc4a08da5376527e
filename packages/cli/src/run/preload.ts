// Preloaded into the processes that `stackpile run` starts: serves profiles on loopback, and tells the command where. Never ends a
// process, never keeps one alive, never says anything.
import { randomBytes } from 'node:crypto';
import { connect } from 'node:net';
import { basename } from 'node:path';
import process from 'node:process';
import { isMainThread } from 'node:worker_threads';
import { startServer } from '@stackpile/agent';
import { DOOR, type Arrival } from './arrival.ts';

/** What starts other programs, and is none that anybody wants to hear of. */
const launcher =
  /[\\/](?:(?:npm|npx|pnpm|pnpx|yarn|yarnpkg|corepack|tsx|nodemon)(?:-cli)?(?:\.[cm]?js)?|tsx[\\/]dist[\\/]cli\.mjs)$/u;

async function tell(door: string): Promise<void> {
  // Of this process alone: it goes through a folder that nobody else may open, and stands in no environment.
  const token = randomBytes(24).toString('base64url');
  const { port } = await startServer({ port: 0, auth: token });
  const name = basename(process.argv[1] ?? process.execPath);
  const arrival: Arrival = { pid: process.pid, name, port, token };
  const socket = connect(door);
  socket.unref();
  // The command may have ended.
  socket.on('error', () => socket.destroy());
  socket.end(`${JSON.stringify(arrival)}\n`);
}

const door = process.env[DOOR];
if (door !== undefined && door !== '' && isMainThread && !launcher.test(process.argv[1] ?? ''))
  tell(door).catch(() => undefined);
