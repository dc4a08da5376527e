// An answer as a stream of the Fetch API: piece by piece, as the client takes them.
import { AgentError } from '../errors.ts';
import { clearTimeout, setTimeout } from '../own-timers.ts';
import type { Answer } from './door.ts';
import { PIECE, STALL_MS } from './send.ts';

/**
 * The reason of an abort where whoever carries the answer says that its client has gone: a body ends then without an error, which would be
 * told to nobody but the log of the service.
 */
export const GONE: unique symbol = Symbol('the client has gone');

/**
 * The body of an answer. `done` is aborted when the client has taken it, has cancelled it, or has not taken a piece for too long.
 *
 * @param body not empty
 * @param stallMs milliseconds
 */
export function pieces(
  body: Uint8Array,
  done: AbortController,
  stallMs: number = STALL_MS,
): ReadableStream<Uint8Array> {
  let at = 0;
  let stall: NodeJS.Timeout | undefined;
  const wait = (): void => {
    clearTimeout(stall);
    stall = setTimeout(() => done.abort(), stallMs);
    stall.unref();
  };
  return new ReadableStream<Uint8Array>(
    {
      start(controller) {
        done.signal.addEventListener(
          'abort',
          () => {
            clearTimeout(stall);
            if (at >= body.length) return;
            if (done.signal.reason === GONE) controller.close();
            else controller.error(new AgentError('AGENT_ABORTED', 'the client went away'));
          },
          { once: true },
        );
        wait();
      },
      pull(controller) {
        controller.enqueue(body.slice(at, at + PIECE));
        at += PIECE;
        if (at < body.length) {
          wait();
          return;
        }
        controller.close();
        done.abort();
      },
      cancel: () => done.abort(),
    },
    // Nothing is made before somebody reads.
    { highWaterMark: 0 },
  );
}

/**
 * A stream that tells when its client has it, or has gone, or has not taken a piece for too long, or when it broke.
 *
 * @param broken aborted where nothing will come any more, and the stream itself cannot say so
 * @param stallMs milliseconds
 */
export function streamUntil(
  stream: ReadableStream<Uint8Array>,
  done: AbortController,
  broken?: AbortSignal,
  stallMs: number = STALL_MS,
): ReadableStream<Uint8Array> {
  const reader = stream.getReader();
  let stall: NodeJS.Timeout | undefined;
  done.signal.addEventListener('abort', () => clearTimeout(stall), { once: true });
  const wait = (controller: ReadableStreamDefaultController<Uint8Array>): void => {
    if (done.signal.aborted) return;
    const giveUp = (): void => {
      controller.error(new AgentError('AGENT_ABORTED', 'the client has taken nothing for too long'));
      done.abort();
      reader.cancel().catch(() => undefined);
    };
    stall = setTimeout(giveUp, stallMs).unref();
  };
  return new ReadableStream<Uint8Array>(
    {
      start(controller) {
        wait(controller);
        const end = (): void => controller.error(new AgentError('AGENT_CLOSED', 'the profiler has ended'));
        broken?.addEventListener('abort', end, { once: true, signal: done.signal });
      },
      async pull(controller) {
        clearTimeout(stall);
        const next = await reader.read().catch((error: unknown) => {
          // It is broken off because its client has gone.
          if (done.signal.reason === GONE) return { done: true, value: undefined } as const;
          done.abort();
          throw error;
        });
        if (!next.done) {
          controller.enqueue(next.value);
          wait(controller);
          return;
        }
        controller.close();
        done.abort();
      },
      async cancel() {
        done.abort();
        await reader.cancel();
      },
    },
    { highWaterMark: 0 },
  );
}

/** The body of an answer, told or made meanwhile; null where there is none. */
export function bodyStream(
  { body, stream }: Answer,
  done: AbortController,
): ReadableStream<Uint8Array> | null {
  if (stream !== undefined) return streamUntil(stream, done);
  return body.length === 0 ? null : pieces(body, done);
}
