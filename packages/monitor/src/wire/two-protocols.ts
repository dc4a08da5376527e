// One port for HTTP/1.1 and for HTTP/2 without TLS, which gRPC speaks: whoever begins with HTTP/2's preface gets HTTP/2.
import type { Server } from 'node:http';
import { createServer as createHttp2, type Http2Server, type ServerHttp2Session } from 'node:http2';
import type { Socket } from 'node:net';

/** RFC 9113, 3.4: the first bytes of what HTTP/2's clients send; no method of HTTP/1.1 begins so. */
const PREFACE = Buffer.from('PRI * HTTP/2.0');
/** Time to send the first bytes, in milliseconds. */
const FIRST_BYTES_MS = 10_000;
/** A conversation in which nothing is asked ends after this. */
const IDLE_MS = 120_000;
const MOST_SESSIONS = 200;
const MOST_STREAMS = 16;

/** The HTTP/2 beside a server of HTTP/1.1 that takes connections on its own. */
export interface Beside {
  readonly http2: Http2Server;
  /** Ends all conversations. */
  destroy(): void;
}

/** Has connections that begin with HTTP/2 answered by it. */
export function besideHttp1(server: Server): Beside {
  const http2 = createHttp2({
    maxSessionMemory: 4,
    settings: { maxConcurrentStreams: MOST_STREAMS, maxHeaderListSize: 16_384 },
  });
  const sessions = new Set<ServerHttp2Session>();
  http2.on('session', (session) => {
    if (sessions.size >= MOST_SESSIONS) {
      session.destroy();
      return;
    }
    sessions.add(session);
    session.once('close', () => sessions.delete(session));
    session.setTimeout(IDLE_MS, () => session.destroy());
    // What is wrong with one conversation ends it, and nothing else.
    session.on('error', () => session.destroy());
  });
  http2.on('sessionError', () => undefined);
  const answerHttp1 = server.listeners('connection');
  server.removeAllListeners('connection');
  server.on('connection', (socket: Socket) => {
    const given = (): void => {
      socket.destroy();
    };
    socket.on('error', given);
    socket.setTimeout(FIRST_BYTES_MS, given);
    socket.once('data', (first: Buffer) => {
      socket.pause();
      socket.off('error', given);
      socket.setTimeout(0);
      socket.off('timeout', given);
      const length = Math.min(first.length, PREFACE.length);
      const isHttp2 = first.subarray(0, length).equals(PREFACE.subarray(0, length));
      socket.unshift(first);
      if (isHttp2) http2.emit('connection', socket);
      else for (const answer of answerHttp1) answer.call(server, socket);
      process.nextTick(() => socket.resume());
    });
  });
  return {
    http2,
    destroy() {
      for (const session of sessions) session.destroy();
    },
  };
}
