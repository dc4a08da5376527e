// The worker threads of a process: each is talked to through a session of its own within the connection to the process.
import { Conversation, type InspectorConnection, InspectorError } from './conversation.ts';

/** A worker thread that lives. */
export interface WorkerThread {
  /** Its number in the process, as `threadId` says it. */
  readonly id: string;
  /** `worker 2 (jobs.js)`. */
  readonly name: string;
  readonly connection: InspectorConnection;
}

interface Attached {
  readonly sessionId: string;
  readonly workerInfo: { readonly workerId: string; readonly title: string; readonly url: string };
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}

function textAt(value: unknown, key: string): string {
  const text = isRecord(value) ? value[key] : undefined;
  return typeof text === 'string' ? text : '';
}

/** What is told of a worker that was found; null where it is nothing of that kind. */
function attachedOf(params: unknown): Attached | null {
  const sessionId = textAt(params, 'sessionId');
  const info = isRecord(params) ? params['workerInfo'] : undefined;
  const workerId = textAt(info, 'workerId');
  return sessionId === '' || workerId === ''
    ? null
    : { sessionId, workerInfo: { workerId, title: textAt(info, 'title'), url: textAt(info, 'url') } };
}

/** Keeps a session with every worker that there is, and with those that come. They end with the connection to the process. */
export class WorkerThreads {
  readonly #threads = new Map<string, WorkerThread & { readonly conversation: Conversation }>();

  /** Those that live, in the order in which they were found. */
  get all(): readonly WorkerThread[] {
    return [...this.#threads.values()];
  }

  /** Begins to listen for workers. A process that knows nothing of workers has none. */
  async open(connection: InspectorConnection): Promise<void> {
    connection.on('NodeWorker.attachedToWorker', (params) => {
      const attached = attachedOf(params);
      if (attached !== null) this.#attach(connection, attached);
    });
    connection.on('NodeWorker.detachedFromWorker', (params) => {
      const sessionId = textAt(params, 'sessionId');
      this.#threads.get(sessionId)?.conversation.end(new InspectorError('the worker has ended'));
      this.#threads.delete(sessionId);
    });
    connection.on('NodeWorker.receivedMessageFromWorker', (params) => {
      this.#threads.get(textAt(params, 'sessionId'))?.conversation.receive(textAt(params, 'message'));
    });
    await connection.post('NodeWorker.enable', { waitForDebuggerOnStart: false }).catch(() => undefined);
  }

  #attach(connection: InspectorConnection, { sessionId, workerInfo }: Attached): void {
    const conversation = new Conversation((message) => {
      connection.send('NodeWorker.sendMessageToWorker', { sessionId, message });
      return true;
    });
    void connection.ended.then(() =>
      conversation.end(new InspectorError('the connection to the inspector ended')),
    );
    const { workerId, url } = workerInfo;
    const file = url.replace(/[?#].*$/su, '').replace(/^.*[/\\]/su, '');
    this.#threads.set(sessionId, {
      id: workerId,
      name: file === '' ? `worker ${workerId}` : `worker ${workerId} (${file})`,
      conversation,
      connection: {
        ended: conversation.ended,
        post: (method, params, options) => conversation.post(method, params, options),
        send: (method, params) => conversation.send(method, params),
        on: (method, listener) => conversation.on(method, listener),
        close: () => connection.send('NodeWorker.detach', { sessionId }),
      },
    });
  }
}
