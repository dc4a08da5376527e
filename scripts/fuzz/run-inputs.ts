// Runs inputs one after the other in this process and measures them.
import { checkInput, FuzzFailure, measuredSize, readInput, useProfile } from './check.ts';
import {
  collect,
  type Cost,
  canMeasureMemory,
  FLOOR_BYTES,
  measure,
  memoryLimit,
  timeLimit,
} from './measure.ts';
import { type FuzzInput, fuzzInput } from './mutate.ts';
import type { Corpus, FuzzFormat } from './seeds.ts';
import { countInput, emptyTally, noteMemory, noteTime, type Tally } from './tally.ts';

/** Inputs whose memory is measured together; above the floor they are measured again one by one. */
const BATCH = 32;
/** Inputs from here on are always measured alone. */
const LARGE = 1 << 16;

/** What became of an input; `reason` says which promise is broken, null for none. */
interface Outcome {
  readonly accepted: boolean;
  readonly reason: string | null;
}

async function outcomeOf(step: () => Promise<boolean>): Promise<Outcome> {
  try {
    return { accepted: await step(), reason: null };
  } catch (error) {
    if (error instanceof FuzzFailure) return { accepted: false, reason: error.message };
    throw error;
  }
}

/** Runs one input alone, reading and reporting it one after the other, each in a heap without garbage. */
export async function measureAlone(input: FuzzInput): Promise<Cost & Outcome> {
  let ms = 0;
  let bytes = 0;
  const step = async <T>(run: () => T | Promise<T>): Promise<T> => {
    await collect();
    const cost = await measure(async () => run());
    ms += cost.ms;
    bytes = Math.max(bytes, cost.bytes);
    return cost.result;
  };
  const outcome = await outcomeOf(async () => {
    const read = await step(() => readInput(input));
    if (typeof read === 'object') await step(() => useProfile(read));
    return read !== 'refused';
  });
  return { ...outcome, ms, bytes };
}

/** The sentence for an input that took too much, or null. */
export function excess(size: number, format: FuzzFormat, { ms, bytes }: Cost): string | null {
  if (ms > timeLimit(size, format)) return `${Math.round(ms)} ms for ${size} bytes`;
  if (bytes > memoryLimit(size, format)) return `${Math.round(bytes / 2 ** 20)} MiB for ${size} bytes`;
  return null;
}

class Runner {
  readonly tally: Tally = emptyTally();
  readonly #corpus: Corpus;
  readonly #seed: number;

  constructor(corpus: Corpus, seed: number) {
    this.#corpus = corpus;
    this.#seed = seed;
  }

  /** Measures an input alone and notes what it took; a second time where it was too much, as the first may be bad luck. */
  async #alone(index: number, input: FuzzInput, size: number): Promise<void> {
    let cost = await measureAlone(input);
    let why = excess(size, input.format, cost);
    if (why !== null) {
      cost = await measureAlone(input);
      why = excess(size, input.format, cost);
    }
    const { format } = input;
    noteTime(this.tally, { index, format, size, value: cost.ms });
    noteMemory(this.tally, { index, format, size, value: cost.bytes }, FLOOR_BYTES);
    if (why !== null) this.tally.failures.push({ index, format, reason: why });
  }

  async batch(from: number, to: number): Promise<void> {
    const all: { readonly index: number; readonly input: FuzzInput; readonly size: number }[] = [];
    for (let index = from; index < to; index++) {
      const input = fuzzInput(this.#corpus, this.#seed, index);
      all.push({ index, input, size: await measuredSize(input.bytes) });
    }
    const small = all.filter(({ size }) => size < LARGE);
    const times: number[] = [];
    const { bytes } = await measure(async () => {
      for (const { index, input } of small) {
        const started = process.threadCpuUsage();
        await this.#check(index, input);
        const { user, system } = process.threadCpuUsage(started);
        times.push((user + system) / 1000);
      }
    });
    const smallest = Math.min(...small.map(({ size }) => size));
    const suspicious = canMeasureMemory && bytes > memoryLimit(smallest, 'proto');
    for (const [i, { index, input, size }] of small.entries()) {
      const ms = times[i] as number;
      if (suspicious || ms > timeLimit(size, input.format)) await this.#alone(index, input, size);
      else noteTime(this.tally, { index, format: input.format, size, value: ms });
    }
    for (const { index, input, size } of all) {
      if (size < LARGE) continue;
      await this.#check(index, input);
      await this.#alone(index, input, size);
    }
  }

  /** Runs an input and counts what became of it. */
  async #check(index: number, input: FuzzInput): Promise<void> {
    const { format, bytes } = input;
    const { accepted, reason } = await outcomeOf(async () => (await checkInput(input)) === 'accepted');
    countInput(this.tally, format, accepted, bytes.length);
    if (reason !== null) this.tally.failures.push({ index, format, reason });
  }
}

/**
 * Runs the inputs `from` … `to` − 1.
 *
 * @param before called with the number of the next input before a batch, or before each input with `step` 1
 */
export async function runInputs(
  corpus: Corpus,
  seed: number,
  from: number,
  to: number,
  before: (index: number) => Promise<void> | void = () => undefined,
  step: number = BATCH,
): Promise<Tally> {
  const runner = new Runner(corpus, seed);
  for (let index = from; index < to; index += step) {
    await before(index);
    await runner.batch(index, Math.min(to, index + step));
  }
  return runner.tally;
}
