// Objects that were born between two heap snapshots and are alive in the second, by class and by the chain of their holders.
import { cwd } from 'node:process';
import { heapIds, heapProfile, type Profile, survivors, type SurvivingChain } from '@stackpile/profile';
import { AgentError } from '../errors.ts';
import { displayPath } from '../frames.ts';
import { takeHeapSnapshot } from '../inspect/take-snapshot.ts';
import { functionNames } from '../script-text.ts';
import type { Leak } from './leak.ts';
import type { OwnSession } from './own-session.ts';

/** Milliseconds. */
const SNAPSHOT_MS = 600_000;

async function take(session: OwnSession, looks: readonly number[]): Promise<Profile> {
  const filename = (url: string): string => displayPath(url, cwd());
  const { analysis } = await takeHeapSnapshot(session, {
    timeoutMs: SNAPSHOT_MS,
    analysis: { names: functionNames, filename, classes: { looks } },
  });
  return heapProfile(analysis, { kinds: [], filename });
}

/** The first of two snapshots was taken. */
export class HeapSurvivors {
  readonly #session: OwnSession;
  readonly #first: Profile;

  private constructor(session: OwnSession, first: Profile) {
    this.#session = session;
    this.#first = first;
  }

  /** Takes the first snapshot. */
  static async before(session: OwnSession): Promise<HeapSurvivors> {
    return new HeapSurvivors(session, await take(session, []));
  }

  /**
   * Takes the second one: what was born since the first, most of it first. What is held by something that is told itself is left out.
   *
   * @param isTold whether a group is to be told
   * @throws {AgentError} `AGENT_UNAVAILABLE` where V8 has numbered the objects anew meanwhile
   */
  async born(isTold: (group: Leak) => boolean): Promise<Leak[]> {
    const ids = heapIds(this.#first);
    const second = await take(this.#session, ids === null ? [] : [ids.largest]);
    const chains = survivors([this.#first, second]);
    if (chains === null)
      throw new AgentError(
        'AGENT_UNAVAILABLE',
        'two heap snapshots cannot be compared: another inspector session of this process has ended between them',
      );
    const told = chains.filter(isOfTests).map(leakOf).filter(isTold);
    return outermost(told).sort((a, b) => b.count - a.count);
  }
}

/** What holds the engine's own tables, and what stands on the stack while the snapshot is taken: this file's doing. */
const ENGINES = /^\((?:V8|running functions|Node and builtins)/u;
const root = displayPath(new URL('..', import.meta.url).href, cwd());

/** Whether what a chain holds may be the tests' doing. */
function isOfTests({ frames }: SurvivingChain): boolean {
  return !frames.some(({ name, file }) => ENGINES.test(name) || (file !== '' && file.startsWith(root)));
}

function textOf({ detail, stack }: Pick<Leak, 'detail' | 'stack'>): string {
  return JSON.stringify([detail, ...stack.map(({ name }) => name)]);
}

/** Groups that no other group holds. */
function outermost(groups: readonly Leak[]): Leak[] {
  const all = new Set(groups.map(textOf));
  return groups.filter(({ stack }) =>
    stack.every(({ name }, i) => !all.has(textOf({ detail: name, stack: stack.slice(i + 1) }))),
  );
}

function leakOf({ frames, objects, seenBy }: SurvivingChain): Leak {
  const [own, ...holders] = frames;
  const born = (objects[1] ?? 0) - (seenBy[0] ?? 0);
  // What takes the place of an older one is no growth.
  const count = Math.min(born, (objects[1] ?? 0) - (objects[0] ?? 0));
  return { kind: 'objects', detail: own?.name ?? '', count, stack: holders, startedBy: null };
}
