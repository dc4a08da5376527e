// What looks on while tests run: one per thread.
import { FileWatch } from './files.ts';
import { HandleWatch } from './handles.ts';
import type { Found } from './found.ts';
import { ListenerWatch } from './listeners.ts';
import type { Origin, Since } from './origin.ts';
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
  readonly #listeners = new ListenerWatch(this.#stacks);
  #isOn = false;

  /** Begins to look, where it does not yet. */
  start(): void {
    if (this.#isOn) return;
    this.#isOn = true;
    this.#files.start();
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
    this.#files.stop();
  }

  mark(): Mark {
    return {
      tasks: this.#tasks.entered,
      callers: this.#tasks.running(),
      handles: this.#handles.made,
      servers: this.#servers.made,
      files: this.#files.made,
      listeners: this.#listeners.next(),
    };
  }

  /** Numbers of the tasks that may have been left behind; see {@link TaskWatch.suspects}. */
  suspects(since: Mark): ReadonlySet<number> {
    return this.#tasks.suspects(since.tasks);
  }

  /** All that came after `since` and is still there. */
  found(since: Mark, suspects: ReadonlySet<number>): Found[] {
    return [
      ...this.#tasks.found(suspects),
      ...this.#servers.found(since.servers, since),
      ...this.#handles.found(since.handles, since),
      ...this.#files.found(since.files, since),
      ...this.#listeners.found(since.listeners),
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
