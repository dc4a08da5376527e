// Carries an answer to a client that may read slowly, or not at all: nobody holds a profile in memory for ever.
import { clearTimeout, setTimeout } from '../own-timers.ts';
import type { Answer } from './door.ts';

/** A client that does not take a piece of {@link PIECE} bytes within this time is cut off. */
export const STALL_MS = 30_000;
export const PIECE = 65_536;

/** What is used of a response: `http.ServerResponse` has it. */
export interface ResponseWriter {
  writeHead(status: number, headers: Record<string, string>): unknown;
  /** False where the client is behind; `drain` follows. */
  write(piece: Uint8Array): boolean;
  end(body?: Uint8Array): unknown;
  once(event: 'close' | 'drain' | 'finish', listener: () => void): unknown;
  off(event: 'close' | 'drain' | 'finish', listener: () => void): unknown;
  destroy(): unknown;
  readonly destroyed?: boolean;
}

/** Whether `event` happens within `ms`, and before the connection closes. */
function happens(response: ResponseWriter, event: 'drain' | 'finish', ms: number): Promise<boolean> {
  return new Promise((resolve) => {
    const settle = (happened: boolean): void => {
      clearTimeout(timer);
      response.off(event, yes);
      response.off('close', no);
      resolve(happened);
    };
    const yes = (): void => settle(true);
    const no = (): void => settle(false);
    const timer = setTimeout(no, ms);
    timer.unref();
    response.once(event, yes);
    response.once('close', no);
  });
}

/** Sends `answer` piece by piece, and resolves when the client has it or was cut off. */
export async function send(
  response: ResponseWriter,
  answer: Answer,
  stallMs: number = STALL_MS,
): Promise<void> {
  if (response.destroyed === true) {
    void answer.stream?.cancel().catch(() => undefined);
    return;
  }
  response.writeHead(answer.status, { ...answer.headers });
  if (answer.stream !== undefined) {
    await sendStream(response, answer.stream, stallMs);
    return;
  }
  const { body } = answer;
  let at = 0;
  for (; body.length - at > PIECE; at += PIECE) {
    if (response.write(body.subarray(at, at + PIECE))) continue;
    if (!(await happens(response, 'drain', stallMs))) {
      response.destroy();
      return;
    }
  }
  const end = happens(response, 'finish', stallMs);
  // Not even no bytes where there is no body: a server may have been told to throw at that.
  response.end(body.length === 0 ? undefined : body.subarray(at));
  if (!(await end)) response.destroy();
}

async function sendStream(
  response: ResponseWriter,
  stream: ReadableStream<Uint8Array>,
  stallMs: number,
): Promise<void> {
  const reader = stream.getReader();
  const gone = (): void => void reader.cancel().catch(() => undefined);
  response.once('close', gone);
  try {
    for (let next = await reader.read(); !next.done; next = await reader.read()) {
      if (response.write(next.value) || (await happens(response, 'drain', stallMs))) continue;
      response.destroy();
      return;
    }
    response.end();
  } catch {
    // It broke in the middle: the client must not take it for whole.
    response.destroy();
  } finally {
    response.off('close', gone);
    gone();
  }
}
