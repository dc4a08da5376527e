// `heapclasses`: everything that is alive, by class and by what holds it, from a heap snapshot that the sidecar reads.
import { type HeapGroupKind, heapProfile, type Profile } from '@stackpile/profile';
import type { ThreadContext } from '../captures/capture.ts';
import { displayPath } from '../frames.ts';
import { allowedSnapshot, SNAPSHOT_MS } from '../captures/allowed-snapshot.ts';
import { timed } from '../captures/stop-watch.ts';
import { heapFrames, heapFrameWriter } from '../inspect/heap-frames.ts';
import { takeHeapSnapshot } from '../inspect/take-snapshot.ts';
import { functionNames } from '../script-text.ts';
import { download, packed } from './download.ts';
import type { Endpoint } from './endpoint.ts';
import { contextOf, WORKER_PARAMETER } from './worker-parameter.ts';
import { EndpointError } from '../http/messages.ts';
import type { Query } from '../http/query.ts';

/** Ids of objects are those of one session, which is kept for so long for whoever looks again. */
const KEEP_MS = 180_000;
/** Tasks and handles that are told one by one; more are told by stack. */
const MOST_IDS = 200_000;
const MOST_LOOKS = 64;

/** What may be told beside the classes, out of the same snapshot. */
const besides: Readonly<Record<string, HeapGroupKind>> = {
  tasks: 'task',
  handles: 'handle',
  closures: 'closures',
};

function wordsOf(text: string | undefined): string[] {
  return (text ?? '').split(',').filter((word) => word !== '');
}

function kindsOf(query: Query): HeapGroupKind[] {
  return wordsOf(query.get('with')).map((word) => {
    const kind = Object.hasOwn(besides, word) ? besides[word] : undefined;
    if (kind !== undefined) return kind;
    throw new EndpointError(400, `invalid value for "with" - must be some of ${Object.keys(besides).join()}`);
  });
}

function looksOf(query: Query): number[] {
  const looks = wordsOf(query.get('looks')).map(Number);
  const rises = looks.every((id, i) => Number.isSafeInteger(id) && id > (looks[i - 1] ?? 0));
  if (rises && looks.length <= MOST_LOOKS) return looks;
  throw new EndpointError(
    400,
    `invalid value for "looks" - must be at most ${MOST_LOOKS} object ids, rising, with commas between them`,
  );
}

function take(context: ThreadContext, query: Query, signal: AbortSignal): Promise<Profile> {
  const kinds = kindsOf(query);
  const looks = looksOf(query);
  const filename = (url: string): string => displayPath(url, context.cwd);
  return allowedSnapshot(context, 'analysis', signal, async (session) => {
    context.thread.keep(KEEP_MS);
    const {
      value: { analysis },
      stopMs,
    } = await timed(context, () =>
      takeHeapSnapshot(session, {
        timeoutMs: SNAPSHOT_MS,
        analysis: {
          names: functionNames,
          filename,
          classes: { looks },
          ...(kinds.length === 0 ? {} : { maxIds: MOST_IDS }),
        },
      }),
    );
    if (kinds.length > 0) await context.originals.learn(session, heapFrames(analysis, new Map()));
    const value = heapProfile(analysis, {
      kinds,
      taskType: 'goroutine',
      filename,
      timeNanos: BigInt(Date.now()) * 1_000_000n,
      frames: (builder) => heapFrameWriter(builder, context),
      comments: [`from a heap snapshot of ${analysis.nodeCount} objects in ${Math.round(stopMs)} ms`],
    });
    return { value, stopMs };
  });
}

/** Stops the process for tens of milliseconds per megabyte of heap. */
export const heapclasses: Endpoint = {
  name: 'heapclasses',
  description:
    'Everything that is alive by class and by what holds it, from a heap snapshot: the process stands still meanwhile; refused where that is foreseen to be longer than two seconds, or than the option heap.snapshots says.',
  kind: 'snapshot',
  query: {
    looks:
      'largest object ids of earlier answers, oldest first, with commas: objects are told apart by which of them they saw',
    with: '`tasks`, `handles`, `closures`: tells these of the same snapshot, too',
    ...WORKER_PARAMETER,
  },
  delta: false,
  count: null,
  async answer({ captures }, { query, head, signal }) {
    if (head) return download('heapclasses', '');
    return download(
      'heapclasses',
      packed(await take(await contextOf(captures, query, signal), query, signal)),
    );
  },
};
