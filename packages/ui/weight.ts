// What the page weighs: what runs before the first view, and what waits.
import { gzipSync } from 'node:zlib';

/** At most so many bytes, gzipped, of everything that runs before the flame graph is drawn. */
export const firstBudget = 130_000;
/** At most so many more for everything that runs when it is asked for; of it the reader of heap snapshots is 26 kB, and the names of what is no profile are 5. */
export const laterBudget = 190_000;

/** Bytes, gzipped where not said otherwise. */
export interface Weight {
  /** Markup, styles, the first script and what of the worker's script runs before a question is asked that wants more. */
  readonly first: number;
  /** What the chunks add to it: those of the page arrive behind the first script, those of the worker with it. */
  readonly later: number;
  /** Of `later`, those of the worker: they arrive before the first view, but nothing calls them. */
  readonly laterInWorker: number;
  /** Not gzipped. */
  readonly plain: number;
}

const zipped = (text: string): number => gzipSync(text, { level: 9 }).length;

/** Weighs a built page. Throws where it holds no chunk, as then nothing of it waits. */
export function weigh(page: string): Weight {
  const withoutPages = page.replace(/<script type="text\/plain" data-chunk="[^"]*">[^]*?<\/script>/g, '');
  const withoutAny = withoutPages.replace(
    /(<script type="text\/plain" id="stackpile-worker-later">)[^]*?(?=<\/script>)/,
    '$1',
  );
  if (withoutPages === page || withoutAny === withoutPages) throw new Error('the page holds no chunks');
  const first = zipped(withoutAny);
  const total = zipped(page);
  return {
    first,
    later: total - first,
    laterInWorker: zipped(withoutPages) - first,
    plain: Buffer.byteLength(page),
  };
}
