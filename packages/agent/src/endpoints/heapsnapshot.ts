// `heapsnapshot`: V8's own file, as `v8.writeHeapSnapshot` writes it, for whatever reads those.
import type { ThreadContext } from '../captures/capture.ts';
import { allowedSnapshot, SNAPSHOT_MS, timed } from '../captures/allowed-snapshot.ts';
import { download } from './download.ts';
import type { Endpoint } from './endpoint.ts';
import { contextOf, WORKER_PARAMETER } from './worker-parameter.ts';

function take(context: ThreadContext, signal: AbortSignal): Promise<Uint8Array> {
  return allowedSnapshot(context, 'text', signal, async (session) => {
    const chunks: Buffer[] = [];
    const stop = session.on('HeapProfiler.addHeapSnapshotChunk', (params) => {
      chunks.push(Buffer.from((params as { chunk: string }).chunk));
    });
    try {
      const { stopMs } = await timed(context, () =>
        session.post('HeapProfiler.takeHeapSnapshot', { reportProgress: false }, { timeoutMs: SNAPSHOT_MS }),
      );
      return { value: Buffer.concat(chunks), stopMs };
    } finally {
      stop();
    }
  });
}

/** Stops the process for tens of milliseconds per megabyte of heap. */
export const heapsnapshot: Endpoint = {
  name: 'heapsnapshot',
  description:
    'The heap as a .heapsnapshot of V8, with every text that the process holds, secrets included: the process stands still meanwhile; refused where that is foreseen to be longer than two seconds, or than the option heap.snapshots says.',
  kind: 'snapshot',
  query: { ...WORKER_PARAMETER },
  delta: false,
  count: null,
  async answer({ captures }, { query, head, signal }) {
    if (head) return download('heap.heapsnapshot', '');
    return download('heap.heapsnapshot', await take(await contextOf(captures, query, signal), signal));
  },
};
