// Sockets that a server has accepted: nobody of the test's is on the stack when one is made, so it is told by its server.
import { Server, Socket } from 'node:net';

/** The socket of a handle, to which only a symbol of Node's leads. */
function socketOf(handle: object): Socket | null {
  const symbol = Object.getOwnPropertySymbols(handle).find(
    ({ description }) => description === 'owner_symbol',
  );
  const owner: unknown = symbol === undefined ? null : Reflect.get(handle, symbol);
  return owner instanceof Socket ? owner : null;
}

/** The server that has accepted the socket of a handle; null where none has. */
export function acceptedBy(handle: object): Server | null {
  const socket = socketOf(handle);
  const server: unknown = socket === null ? null : Reflect.get(socket, 'server');
  return server instanceof Server ? server : null;
}

/** Where a server listens, as a detail is told: `port 8080`; '' for one that does not listen. */
export function placeOf(server: Server): string {
  const address = server.address();
  return address === null ? '' : typeof address === 'string' ? address : `port ${address.port}`;
}

/**
 * Whether a connection to a listening server rests between two requests: whoever asked keeps it in a pool for the next one, and it ends
 * with the server.
 */
export function isResting(handle: object, server: Server): boolean {
  const socket = socketOf(handle);
  if (socket === null || !('closeIdleConnections' in server)) return false;
  // What is being answered, and what is being read: no type of Node's has them.
  const parser: unknown = Reflect.get(socket, 'parser');
  const incoming: unknown =
    typeof parser === 'object' && parser !== null ? Reflect.get(parser, 'incoming') : null;
  return [Reflect.get(socket, '_httpMessage') as unknown, incoming].every((one) => (one ?? null) === null);
}

function canSayRef(handle: unknown): handle is { hasRef(): boolean } {
  return (
    typeof handle === 'object' && handle !== null && 'hasRef' in handle && typeof handle.hasRef === 'function'
  );
}

/** Whether the process may end while a server listens, as `unref` says. Only its handle knows, which no type of Node's has. */
export function isUnref(server: Server): boolean {
  const handle: unknown = Reflect.get(server, '_handle');
  return canSayRef(handle) && !handle.hasRef();
}
