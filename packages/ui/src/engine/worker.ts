// The worker's entry: takes questions, answers them one after the other, never lets an error out without a sentence.
import { installChunks } from '../chunks.ts';
import { HttpError } from './download.ts';
import { ProfileEngine } from './engine.ts';
import type { Method, Request, Response } from './protocol.ts';

/** The few members of a worker's global scope that are used (the DOM's types describe windows). */
interface WorkerScope {
  postMessage(message: Response, transfer: Transferable[]): void;
  onmessage: ((event: MessageEvent<Request>) => void) | null;
}
const scope = self as unknown as WorkerScope;
const engine = new ProfileEngine();
// The policy lets a worker load nothing: its chunks are a part of its script, as functions that nobody called yet.
installChunks(
  () => Promise.resolve(),
  () => undefined,
);

function send(response: Response, transfer: Transferable[] = []): void {
  scope.postMessage(response, transfer);
}

async function answer<M extends Method>(request: Request<M>): Promise<void> {
  const { id, method, argument } = request;
  try {
    const result = await engine.handlers[method](argument, (progress) =>
      send({ id, kind: 'progress', progress }),
    );
    send({ id, kind: 'answer', answer: result }, 'bytes' in result ? [result.bytes.buffer] : []);
  } catch (error) {
    const known: Error & { code?: unknown } = error instanceof Error ? error : new Error(String(error));
    const code = typeof known.code === 'string' ? known.code : known.name;
    const message =
      error instanceof RangeError && /alloc|length|memory/i.test(error.message)
        ? 'There is not enough memory in this browser for the profile: use `stackpile -top` on the command line, or a profile of a shorter time.'
        : known.message;
    send({ id, kind: 'error', code, message, status: error instanceof HttpError ? error.status : 0 });
  }
}

scope.onmessage = (event) => {
  void answer(event.data);
};
