// How full a large table of numbers is, which no snapshot says: the process is asked for it when its heap is taken.
import assert from 'node:assert/strict';
import { Session } from 'node:inspector/promises';
import { test } from 'node:test';
import { heapProfile } from '@stackpile/profile';
import { type SnapshotSession, takeHeapSnapshot } from '../src/inspector.ts';

const seen = new Set<number>();

/** A session with this very thread, which stands still while it is asked. */
function sessionOf(session: Session, asked: string[]): SnapshotSession {
  return {
    async post<T>(method: string, params?: object): Promise<T> {
      asked.push(method);
      const answer: unknown = await session.post(method, params);
      return answer as T;
    },
    on(method, listener) {
      const told = ({ params }: { readonly params: unknown }): void => listener(params);
      session.on(method, told);
      return () => session.off(method, told);
    },
  };
}

test('a large table of numbers is told by how many it holds, and a heap without one costs no question', async () => {
  const session = new Session();
  session.connect();
  try {
    const asked: string[] = [];
    const take = (): ReturnType<typeof takeHeapSnapshot> =>
      takeHeapSnapshot(sessionOf(session, asked), { timeoutMs: 60_000, analysis: { classes: {} } });
    await take();
    assert.deepEqual(asked, ['HeapProfiler.takeHeapSnapshot']);
    for (let i = 0; i < 123_456; i++) seen.add(i);
    const { analysis } = await take();
    const { samples, sampleTypes } = heapProfile(analysis);
    const column = samples.values[sampleTypes.findIndex(({ type }) => type === 'filled')];
    const values = Array.from({ length: samples.length }, (_, i) => Number(column?.[i] ?? 0));
    assert.ok(values.includes(8 * seen.size));
    assert.ok(asked.includes('Runtime.releaseObjectGroup'));
  } finally {
    session.disconnect();
  }
});
