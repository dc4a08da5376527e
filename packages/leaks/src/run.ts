// Whether a dump is of the run that was seen before it: another build, ids that begin anew or ages that fell are another run.
import type { Profile } from '@stackpile/profile';
import type { DumpColumns } from './columns.ts';

/** Fewer ids or ages than this that begin anew are chance: a thing that went and came back. */
const fewestAnew = 3;

/** What the last dump said of the run that it is of. */
export class RunMark {
  build = '';
  lastId = -1;
  /** Half of what the last dump counted had waited for so long or longer; -1 where it did not say. */
  halfWaited = -1;

  /**
   * Whether a dump is of another run: another build, ids that all begin anew, or ages that all fell. One thing that went and came
   * back says nothing, and what is older than the time since the last dump was there then. The next dump is compared with this one.
   *
   * @param alive ids that were alive in the last dump
   * @param gap milliseconds since the last dump; null where unknown
   */
  isOther(
    profile: Profile,
    rows: DumpColumns,
    alive: ReadonlyMap<number, unknown> | null,
    gap: number | null,
  ): boolean {
    const isOtherBuild = this.#isOtherBuild(profile);
    let highest = -1;
    let identified = 0;
    let known = 0;
    let oldest = -1;
    let aged = rows.length > 0;
    for (let i = 0; i < rows.length; i++) {
      const id = rows.id[i] ?? -1;
      const waited = rows.waited[i] ?? -1;
      if (id >= 0) identified++;
      if (id > highest) highest = id;
      if (alive?.has(id) === true) known++;
      if (waited < 0) aged = false;
      oldest = Math.max(oldest, waited);
    }
    const wasThere = gap !== null && oldest > gap;
    const anew =
      identified >= fewestAnew &&
      highest < this.lastId &&
      known * 10 < Math.min(rows.length, alive?.size ?? 0) &&
      !wasThere;
    const younger =
      identified === 0 &&
      aged &&
      rows.length >= fewestAnew &&
      gap !== null &&
      !wasThere &&
      this.halfWaited > gap;
    if (highest >= 0) this.lastId = highest;
    this.halfWaited = aged ? halfWaited(rows) : -1;
    return isOtherBuild || anew || younger;
  }

  #isOtherBuild({ mappings, strings }: Profile): boolean {
    if (mappings.length === 0) return false;
    const build = `${strings.get(mappings.buildId[0] ?? 0)} ${mappings.start[0] ?? 0n}`;
    const isOther = this.build !== '' && build !== this.build;
    this.build = build;
    return isOther;
  }
}

/** The wait that half of all that a dump counts has reached, in milliseconds. */
function halfWaited(rows: DumpColumns): number {
  const order = Array.from({ length: rows.length }, (_, i) => i);
  order.sort((a, b) => (rows.waited[b] ?? 0) - (rows.waited[a] ?? 0));
  const total = order.reduce((sum, i) => sum + (rows.value[i] ?? 0), 0);
  let counted = 0;
  for (const i of order) {
    counted += rows.value[i] ?? 0;
    if (counted * 2 >= total) return rows.waited[i] ?? -1;
  }
  return -1;
}
