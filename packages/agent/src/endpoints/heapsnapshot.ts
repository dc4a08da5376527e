// `heapsnapshot`: V8's own file, as `v8.writeHeapSnapshot` writes it, for whatever reads those.
import type { ThreadContext } from '../captures/capture.ts';
import { allowedSnapshot, SNAPSHOT_MS } from '../captures/allowed-snapshot.ts';
import { timed } from '../captures/stop-watch.ts';
import { SnapshotFile } from '../captures/snapshot-file.ts';
import { EndpointError } from '../http/messages.ts';
import { download } from './download.ts';
import type { Endpoint } from './endpoint.ts';
import { contextOf, WORKER_PARAMETER } from './worker-parameter.ts';

/** A snapshot's text in a file; never in memory, of which it would take as much as the heap has and more. */
function take(context: ThreadContext, signal: AbortSignal): Promise<SnapshotFile> {
  return allowedSnapshot(context, 'text', signal, async (session) => {
    const failures: unknown[] = [];
    const attempt = <T>(write: () => T): T | null => {
      try {
        return write();
      } catch (error) {
        failures.push(error);
        return null;
      }
    };
    const file = attempt(() => new SnapshotFile());
    const stop = session.on('HeapProfiler.addHeapSnapshotChunk', (params) => {
      // The rest of the chunks has to be let through anyway.
      if (failures.length === 0) attempt(() => file?.write((params as { chunk: string }).chunk));
    });
    try {
      if (file === null) throw unwritten(failures[0]);
      const { stopMs } = await timed(context, () =>
        session.post('HeapProfiler.takeHeapSnapshot', { reportProgress: false }, { timeoutMs: SNAPSHOT_MS }),
      );
      if (failures.length > 0) throw unwritten(failures[0]);
      return { value: file, stopMs };
    } catch (error) {
      file?.close();
      throw error;
    } finally {
      stop();
    }
  });
}

function unwritten(error: unknown): EndpointError {
  const why = error instanceof Error ? error.message : String(error);
  return new EndpointError(503, `the heap snapshot could not be written to a temporary file: ${why}`);
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
    const answer = download('heap.heapsnapshot', '');
    if (head) return answer;
    const file = await take(await contextOf(captures, query, signal), signal);
    const headers = { ...answer.headers, 'Content-Length': String(file.length) };
    return { ...answer, headers, stream: file.stream() };
  },
};
