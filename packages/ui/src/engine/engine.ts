// The worker's work: which file answers which question. No Web API but `fetch`: runs in Node tests too.
import { Profiles } from './profiles.ts';
import type { Engine, Method } from './protocol.ts';
import { flame } from './questions/flame.ts';
import { matches } from './questions/matches.ts';
import { open, type Progress } from './questions/open.ts';
import { peek } from './questions/peek.ts';
import { places } from './questions/places.ts';
import { source } from './questions/source.ts';
import { tasks } from './questions/tasks.ts';
import { top } from './questions/top.ts';

type Handlers = {
  readonly [M in Method]: (
    argument: Engine[M][0],
    progress: (progress: Progress) => void,
  ) => Engine[M][1] | Promise<Engine[M][1]>;
};

export class ProfileEngine {
  readonly #profiles = new Profiles();

  /** One row a question; what brings much code along and is not asked at first runs only when it is. */
  readonly handlers: Handlers = {
    open: (query, progress) => open(this.#profiles, query, progress),
    flame: (query) => flame(this.#profiles, query),
    top: (query) => top(this.#profiles, query),
    peek: (query) => peek(this.#profiles, query),
    places: (query) => places(this.#profiles, query),
    matches: (query) => matches(this.#profiles, query),
    source: (query) => source(this.#profiles, query),
    tasks: (query) => tasks(this.#profiles, query),
    change: async (query) => (await import('./questions/change.ts')).change(this.#profiles, query),
    chain: async (query) => (await import('./questions/chain.ts')).chain(this.#profiles, query),
    heap: async (query) => (await import('./questions/heap.ts')).heap(this.#profiles, query),
    labels: async (query) => (await import('./questions/labels.ts')).labels(this.#profiles, query),
    text: async (query) => (await import('./questions/text.ts')).text(this.#profiles, query),
    export: async (query) => (await import('./questions/export.ts')).exportAs(this.#profiles, query),
    verdict: async (query) => (await import('./questions/verdict.ts')).verdict(this.#profiles, query),
  };
}
