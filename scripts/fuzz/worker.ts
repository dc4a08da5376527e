// A process that runs inputs for the fuzzer: what kills it or never ends is found out by who started it.
import { readFileSync } from 'node:fs';
import process from 'node:process';
import { measuredSize } from './check.ts';
import type { FuzzInput, FuzzReader } from './mutate.ts';
import { excess, measureAlone, runInputs } from './run-inputs.ts';
import { Corpus, type FuzzFormat } from './seeds.ts';
import type { Tally } from './tally.ts';

/** What a worker is told. */
export type WorkerTask =
  | {
      readonly kind: 'slice';
      readonly seed: number;
      readonly from: number;
      readonly to: number;
      readonly step: number;
    }
  | {
      readonly kind: 'replay';
      readonly path: string;
      readonly format: FuzzFormat;
      readonly reader: FuzzReader;
    };

/** What a worker says. */
export type WorkerSaid =
  | { readonly kind: 'at'; readonly index: number }
  | { readonly kind: 'done'; readonly tally: Tally }
  | {
      readonly kind: 'replayed';
      readonly outcome: string;
      readonly ms: number;
      readonly bytes: number;
      readonly size: number;
      readonly failed: boolean;
    };

function say(what: WorkerSaid): Promise<void> {
  return new Promise((resolve, reject) => {
    if (process.send === undefined) throw new Error('this runs under scripts/fuzz.ts');
    process.send(what, undefined, undefined, (error) => (error === null ? resolve() : reject(error)));
  });
}

let corpus: Corpus | undefined;

async function work(task: WorkerTask): Promise<void> {
  if (task.kind === 'replay') {
    const input: FuzzInput = {
      format: task.format,
      bytes: Uint8Array.from(readFileSync(task.path)),
      reader: task.reader,
    };
    await measureAlone(input);
    const { ms, bytes, accepted, reason } = await measureAlone(input);
    const size = await measuredSize(input.bytes);
    const why = reason ?? excess(size, task.format, { ms, bytes });
    const outcome = why ?? (accepted ? 'accepted' : 'refused');
    return say({ kind: 'replayed', outcome, ms, bytes, size, failed: why !== null });
  }
  corpus ??= new Corpus();
  const at = (index: number): Promise<void> => say({ kind: 'at', index });
  const tally = await runInputs(corpus, task.seed, task.from, task.to, at, task.step);
  return say({ kind: 'done', tally });
}

process.on('message', (task: WorkerTask) => void work(task));
