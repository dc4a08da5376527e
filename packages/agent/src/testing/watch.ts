// What looks on while tests run: one per thread.
import { FileWatch } from './files.ts';
import { HandleWatch } from './handles.ts';
import type { Found } from './found.ts';
import { InputWatch } from './inputs.ts';
import { ListenerWatch } from './listeners.ts';
import { type AnswersFor, isOlder, type Origin, type Since } from './origin.ts';
import { isHook } from './runners.ts';
import { ServerWatch } from './servers.ts';
import { closeOwnSession } from './own-session.ts';
import { Stacks } from './stacks.ts';
import { TaskWatch } from './tasks.ts';

/** When a check began, by the numbers of each part. */
export interface Mark extends Since {
  readonly handles: number;
  readonly servers: number;
  readonly files: number;
  readonly inputs: number;
  readonly listeners: number;
}

const NOBODY: Origin = new Set();

/** Looks at tasks, handles, files and listeners. */
export class Watch {
  readonly #stacks = new Stacks();
  readonly #tasks = new TaskWatch();
  // What is known of running functions is known of the last reaction: a callback of Node's is none.
  readonly #origin = (): Origin => (this.#stacks.isReaction ? this.#tasks.running() : NOBODY);
  readonly #handles = new HandleWatch(this.#stacks, this.#origin, (state) => this.#tasks.resourceMade(state));
  readonly #servers = new ServerWatch(this.#stacks, this.#origin);
  readonly #files = new FileWatch(this.#stacks, this.#origin);
  readonly #inputs = new InputWatch(this.#stacks, this.#origin);
  readonly #listeners = new ListenerWatch(this.#stacks);
  #isOn = false;

  /** Begins to look, where it does not yet. */
  start(): void {
    if (this.#isOn) return;
    this.#isOn = true;
    this.#files.start();
    this.#inputs.start();
    this.#servers.start();
    this.#listeners.start();
    this.#handles.start();
    this.#tasks.start();
  }

  /** Takes everything off again. */
  stop(): void {
    if (!this.#isOn) return;
    this.#isOn = false;
    this.#tasks.stop();
    this.#handles.stop();
    this.#listeners.stop();
    this.#servers.stop();
    this.#inputs.stop();
    this.#files.stop();
  }

  mark(): Mark {
    this.#handles.prune();
    return {
      tasks: this.#tasks.entered,
      callers: this.#tasks.running(),
      handles: this.#handles.made,
      servers: this.#servers.made,
      files: this.#files.made,
      inputs: this.#inputs.made,
      listeners: this.#listeners.next(),
    };
  }

  /** Numbers of the tasks that may have been left behind; see {@link TaskWatch.suspects}. */
  suspects(since: Mark): ReadonlySet<number> {
    return this.#tasks.suspects(since.tasks);
  }

  /**
   * All that came after `since` and is still there.
   *
   * @param others checks of tests that run at the same time: what they may have to answer for is left to them
   */
  found(since: Mark, suspects: ReadonlySet<number>, others: readonly Mark[] = []): Found[] {
    const answersFor = (kind: 'servers' | 'handles' | 'files' | 'inputs'): AnswersFor => {
      const isOf = (mark: Mark, order: number, origin: Origin): boolean =>
        order > mark[kind] && !isOlder(origin, mark);
      return (order, origin) =>
        isOf(since, order, origin) && !others.some((other) => isOf(other, order, origin));
    };
    const isHeard = (mark: Mark, epoch: number, birth: number): boolean =>
      epoch >= mark.listeners && birth < mark.listeners;
    const own = [...suspects].filter((id) => !others.some(({ tasks }) => id > tasks));
    return [
      ...this.#tasks.found(new Set(own)),
      ...this.#servers.found(answersFor('servers')),
      ...this.#handles.found(answersFor('handles')),
      ...this.#files.found(answersFor('files')),
      ...this.#inputs.found(answersFor('inputs')),
      ...this.#listeners.found(
        (epoch, birth) =>
          // One that a test adds to what it has made itself is older than the tests that have begun since.
          isHeard(since, epoch, birth) && !others.some(({ listeners }) => epoch >= listeners),
      ),
    ];
  }
}

/** The watch of this thread. */
export const watch: Watch = new Watch();

/** Takes the watch off for good, and lets go of the inspector. */
export function endWatch(): void {
  watch.stop();
  closeOwnSession();
}

/**
 * Begins to look, while no test runs: a function that is entered before would be taken for one that the test has started. Jest runs many
 * files in one process, each with a copy of this module: there it ends with the file.
 */
export function beginWatch(): void {
  watch.start();
  const { afterAll } = globalThis as { readonly afterAll?: unknown };
  if (process.env['JEST_WORKER_ID'] === undefined || !isHook(afterAll)) return;
  try {
    afterAll(endWatch);
  } catch {
    // It was imported by a test.
  }
}
