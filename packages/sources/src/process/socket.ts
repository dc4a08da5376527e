// One connection to a V8 inspector over WebSocket.
import { WebSocket } from 'ws';
import { Conversation, type InspectorConnection, InspectorError } from './conversation.ts';

const CONNECT_MS = 10_000;
/** The longest message: a CPU profile comes as one. */
const MAX_MESSAGE = 2 ** 30;

/**
 * Connects to `url`. Node's inspector refuses requests whose `Host` is a name other than `localhost`, so that is what we say.
 *
 * @throws InspectorError
 */
export async function connectInspector(url: string, signal?: AbortSignal): Promise<InspectorConnection> {
  const socket = new WebSocket(url, {
    perMessageDeflate: false,
    maxPayload: MAX_MESSAGE,
    handshakeTimeout: CONNECT_MS,
    followRedirects: false,
    headers: { Host: 'localhost' },
  });
  const conversation = new Conversation((text) => {
    if (socket.readyState !== WebSocket.OPEN) return false;
    socket.send(text);
    return true;
  });
  let failure: Error | null = null;

  socket.on('close', () =>
    conversation.end(failure ?? new InspectorError('the connection to the inspector ended')),
  );
  socket.on('error', (error) => {
    failure ??= error;
  });
  socket.on('message', (data, isBinary) => {
    if (isBinary || conversation.receive(textOf(data))) return;
    failure ??= new InspectorError('the other side does not speak the inspector protocol');
    socket.terminate();
  });

  const abort = (): void => socket.terminate();
  signal?.addEventListener('abort', abort, { once: true });
  try {
    await new Promise<void>((resolve, reject) => {
      socket.once('open', resolve);
      socket.once('close', () => reject(failure ?? new InspectorError('the inspector hung up')));
    });
  } finally {
    signal?.removeEventListener('abort', abort);
  }

  return {
    ended: conversation.ended,
    post: (method, params, options) => conversation.post(method, params, options),
    send: (method, params) => conversation.send(method, params),
    on: (method, listener) => conversation.on(method, listener),
    close: () => {
      socket.close();
      // An inspector that is stopped does not answer the farewell.
      setTimeout(() => socket.terminate(), 1000).unref();
    },
  };
}

function textOf(data: Buffer | ArrayBuffer | Buffer[]): string {
  if (Buffer.isBuffer(data)) return data.toString('utf8');
  return data instanceof ArrayBuffer
    ? Buffer.from(data).toString('utf8')
    : Buffer.concat(data).toString('utf8');
}
