// Does the work: a round on every tick, and one whenever a new task is announced.
import { setTimeout as sleep } from 'node:timers/promises';
import { createHash, randomBytes } from 'node:crypto';
import type { NewTask } from './new-task.ts';

const REMEMBERED = 64;

export class Rounds {
  #results: string[] = [];
  #count = 0;

  get count(): number {
    return this.#count;
  }

  /** One round of work: fetch, digest, remember the last few results. */
  async run(): Promise<void> {
    await sleep(5);
    const result = createHash('sha256')
      .update(randomBytes(8 << 10))
      .digest('hex');
    this.#results.push(result);
    if (this.#results.length > REMEMBERED) this.#results.shift();
    this.#count++;
  }
}

/** Answers announcements for as long as the process lives. */
export async function work(newTask: NewTask, rounds: Rounds): Promise<never> {
  for (;;) {
    await newTask.next();
    await rounds.run();
  }
}
