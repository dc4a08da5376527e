// Chunks of the program: which came along, which run already, and how one gets what it imports.
import { EngineError } from './engine/error.ts';

/** A chunk: it asks `require` for what it imports and leaves its exports in `out`. */
type Chunk = (require: (name: string) => object, out: { exports: object }) => void;

/** What the build writes calls of. */
interface Chunks {
  /** Takes a chunk that has come. */
  add(name: string, chunk: Chunk): void;
  /** Takes the parts of the first script that chunks import. */
  share(parts: Readonly<Record<string, object>>): void;
  /** What `import()` became: the exports of a chunk, which runs at the first time. */
  later(name: string): Promise<object>;
}

/**
 * Makes `import()` work. Called once, before anything is imported so.
 *
 * @param arrived resolves when all chunks are there to be fetched
 * @param fetch makes a chunk add itself
 */
export function installChunks(arrived: () => Promise<void>, fetch: (name: string) => void): void {
  /** What ran, by the name that imports have for it. */
  const running = new Map<string, object>();
  const waiting = new Map<string, Chunk>();
  const run = (name: string): object => {
    const known = running.get(name);
    if (known !== undefined) return known;
    if (!waiting.has(name)) fetch(name);
    const chunk = waiting.get(name);
    if (chunk === undefined)
      throw new EngineError('NO_CHUNK', 'A part of this page is missing: reload the page.');
    const out = { exports: {} };
    chunk(run, out);
    const { exports } = out;
    waiting.delete(name);
    running.set(name, exports);
    return exports;
  };
  const chunks: Chunks = {
    add: (name, chunk) => {
      waiting.set(name, chunk);
    },
    share: (parts) => {
      for (const [name, part] of Object.entries(parts)) running.set(name, part);
    },
    later: async (name) => {
      await arrived();
      return run(name);
    },
  };
  (globalThis as { stackpileChunks?: Chunks }).stackpileChunks = Object.freeze(chunks);
}
