// The worker's entry: takes questions, answers them one after the other, never lets an error out without a sentence.
import { installChunks } from '../chunks.ts';
import type { EngineErrorCode } from '../errors.ts';
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

/** Whether an error was thrown on purpose. Told by its code: the rooms whose classes they are may not be loaded. */
function isCoded(error: unknown): error is Error & { readonly code: EngineErrorCode } {
  return error instanceof Error && 'code' in error && typeof error.code === 'string';
}

/** What is told of an error: what nobody threw on purpose is for want of memory, or a defect. */
function failureOf(error: unknown): { readonly code: EngineErrorCode; readonly message: string } {
  if (isCoded(error)) return error;
  if (error instanceof RangeError && /alloc|length|memory/i.test(error.message))
    return {
      code: 'ENGINE_MEMORY',
      message:
        'There is not enough memory in this browser for the profile: use `stackpile -top` on the command line, or a profile of a shorter time.',
    };
  return { code: 'ENGINE_FAILED', message: error instanceof Error ? error.message : String(error) };
}

async function answer<M extends Method>(request: Request<M>): Promise<void> {
  const { id, method, argument } = request;
  try {
    const result = await engine.handlers[method](argument, (progress) =>
      send({ id, kind: 'progress', progress }),
    );
    send({ id, kind: 'answer', answer: result }, 'bytes' in result ? [result.bytes.buffer] : []);
  } catch (error) {
    const { code, message } = failureOf(error);
    send({ id, kind: 'error', code, message, status: error instanceof HttpError ? error.status : 0 });
  }
}

scope.onmessage = (event) => {
  void answer(event.data);
};
