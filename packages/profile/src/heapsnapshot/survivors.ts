// Survivors: what was born while somebody looked on and is alive at the end, by chain of holders, over any number of snapshots.
import { numberAt } from '../columns/int64.ts';
import type { Profile } from '../profile.ts';
import { BORN_LABEL, heapIds } from './heap-ids.ts';

/** Objects of one class on one chain of holders, over several snapshots of one process. */
export interface SurvivingChain {
  /** The class first, then its holders from the nearest to the root. */
  readonly frames: readonly { readonly name: string; readonly file: string; readonly line: number }[];
  /** How many there were, one per snapshot. */
  readonly objects: readonly number[];
  /** Of those alive in the last snapshot, how many were alive in snapshot i as well; the last is all of them. */
  readonly seenBy: readonly number[];
  /** Born after the first snapshot, seen by one before the last, alive in the last. */
  readonly survivors: number;
  /** Seen by a snapshot before the last, gone in the last. */
  readonly ended: number;
}

/**
 * Who stayed, exactly: an object keeps its id for as long as its process lives, and ids grow, so the ids of the last snapshot say what
 * each look before it had seen already (memlab's three snapshots, over any number of them).
 *
 * @param profiles profiles of heap snapshots, oldest first, each made with the largest ids of those before it as its `looks`
 * @returns the chains with the most survivors first; null where the profiles do not say it: fewer than two of them, another process,
 *   or made without looks
 */
export function survivors(profiles: readonly Profile[]): readonly SurvivingChain[] | null {
  if (profiles.length < 2 || !areOfOneProcess(profiles)) return null;
  const chains = new Map<string, Chain>();
  for (const [snapshot, profile] of profiles.entries()) {
    if (!readAges(profile, snapshot, profiles.length, chains)) return null;
  }
  const all = [...chains.values()].map((chain) => surviving(chain, profiles.length));
  return all.sort((a, b) => b.survivors - a.survivors);
}

interface Chain {
  readonly frames: SurvivingChain['frames'];
  /** Objects by snapshot and age: how many of the snapshots before they were born after. */
  readonly ages: readonly Float64Array[];
}

function areOfOneProcess(profiles: readonly Profile[]): boolean {
  const ids = profiles.map(heapIds);
  const first = ids[0];
  return ids.every(
    (one, i) =>
      one !== null &&
      one.process === first?.process &&
      (i === 0 || one.largest >= (ids[i - 1]?.largest ?? 0)),
  );
}

/** Adds the objects of one snapshot; false where it does not tell their ages. */
function readAges(profile: Profile, snapshot: number, length: number, chains: Map<string, Chain>): boolean {
  const { samples, strings } = profile;
  const objects = samples.values[profile.sampleTypes.findIndex(({ type }) => type === 'objects')];
  if (objects === undefined) return false;
  let isTold = snapshot === 0;
  for (let i = 0; i < samples.length; i++) {
    const count = numberAt(objects, i);
    if (count === 0) continue;
    let age = 0;
    const end = samples.labelStart[i + 1] ?? 0;
    for (let label = samples.labelStart[i] ?? 0; label < end; label++) {
      if (strings.get(samples.labels.key[label] ?? 0) !== BORN_LABEL) continue;
      age = numberAt(samples.labels.number, label);
      isTold = true;
    }
    const cells = chainOf(profile, i, length, chains).ages[snapshot];
    if (cells === undefined || !(age >= 0 && age <= snapshot)) return false;
    cells[age] = (cells[age] ?? 0) + count;
  }
  return isTold;
}

function chainOf(profile: Profile, sample: number, length: number, chains: Map<string, Chain>): Chain {
  const { samples, locations, functions, strings } = profile;
  const frames: { name: string; file: string; line: number }[] = [];
  const last = samples.stackStart[sample + 1] ?? 0;
  for (let at = samples.stackStart[sample] ?? 0; at < last; at++) {
    const row = locations.lineStart[samples.stackLocations[at] ?? 0] ?? 0;
    const fn = locations.lines.function[row] ?? 0;
    frames.push({
      name: strings.get(functions.name[fn] ?? 0),
      file: strings.get(functions.filename[fn] ?? 0),
      line: numberAt(locations.lines.line, row),
    });
  }
  const key = frames.map(({ name, file, line }) => `${name}\0${file}\0${line}`).join('\0\0');
  let chain = chains.get(key);
  if (chain === undefined) {
    chain = { frames, ages: Array.from({ length }, () => new Float64Array(length)) };
    chains.set(key, chain);
  }
  return chain;
}

function surviving({ frames, ages }: Chain, length: number): SurvivingChain {
  const last = ages[length - 1] ?? new Float64Array(length);
  const sum = (cells: Float64Array): number => cells.reduce((all, count) => all + count, 0);
  let ended = 0;
  let survived = 0;
  // Those born between two snapshots were all counted by the second of these.
  for (let age = 0; age < length - 1; age++) {
    const alive = last[age] ?? 0;
    ended += Math.max(0, (ages[age]?.[age] ?? 0) - alive);
    if (age > 0) survived += alive;
  }
  return {
    frames,
    objects: ages.map(sum),
    seenBy: Array.from(last, (_, i) => sum(last.subarray(0, i + 1))),
    survivors: survived,
    ended,
  };
}
