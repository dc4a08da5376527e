// Which variables keep most of a heap alive, in a few lines that stand at the head of every report.
import { classifyFunction } from '../origin.ts';
import type { HeapClasses } from './classes/classes.ts';
import type { HolderFrame } from './classes/holder-tree.ts';

/** Holders that are told. */
const MOST = 3;
/** Share of the heap below which a holder is not worth a line. */
const LEAST_SHARE = 0.02;

/** What one holder keeps alive. */
interface Kept {
  /** The holder, then the module it stands in. */
  readonly words: string;
  bytes: number;
  readonly objects: Map<string, number>;
}

/**
 * `27.6 MB of 31.5 MB (88%) hang on variable kept (app.mjs:2) in module app.mjs, 131073 Session among it`, the largest first. A
 * holder is what stands outermost on a chain and is the user's: a variable, a global, a function that is suspended, a listener.
 */
export function largestHolders(classes: HeapClasses): string[] {
  const kept = new Map<string, Kept>();
  let total = 0;
  classes.forEach(({ chain, cells }) => {
    let bytes = 0;
    let objects = 0;
    for (const cell of cells) {
      bytes += cell.retained;
      objects += cell.objects;
    }
    total += bytes;
    const at = chain.findLastIndex(isHolder);
    if (at < 0) return;
    const words = wordsOf(chain, at);
    let one = kept.get(words);
    if (one === undefined) kept.set(words, (one = { words, bytes: 0, objects: new Map() }));
    one.bytes += bytes;
    const name = chain.slice(0, at).findLast(isContent)?.name;
    if (name !== undefined && chain[0]?.name === name)
      one.objects.set(name, (one.objects.get(name) ?? 0) + objects);
  });
  return [...kept.values()]
    .filter(({ bytes }) => bytes >= total * LEAST_SHARE)
    .sort((a, b) => b.bytes - a.bytes)
    .slice(0, MOST)
    .map((one) => lineOf(one, total));
}

function lineOf({ words, bytes, objects }: Kept, total: number): string {
  const share = Math.round((bytes / total) * 100);
  const [name, count = 0] = [...objects].sort((a, b) => b[1] - a[1])[0] ?? [];
  const among = name === undefined || count < 2 ? '' : `, ${count} ${name} among it`;
  return `${megabytes(bytes)} of ${megabytes(total)} (${share}%) hang on ${words}${among}`;
}

function megabytes(bytes: number): string {
  return bytes < 1e5 ? `${(bytes / 1e3).toFixed(1)} kB` : `${(bytes / 1e6).toFixed(1)} MB`;
}

function isModule({ name }: HolderFrame): boolean {
  return name.startsWith('module ');
}

function isHolder(frame: HolderFrame): boolean {
  if (isModule(frame)) return false;
  return frame.name.startsWith('global ') || (frame.url !== '' && classifyFunction('', frame.url) === 'user');
}

/** Containers, properties and variables hold things; they are not what one counts. */
const containers = new Set(['Map', 'Set', 'Array', 'WeakMap', 'WeakSet', 'string', 'number']);

function isContent({ name }: HolderFrame): boolean {
  return !containers.has(name) && !/^(?:\.|variable |global |listener|queued )/u.test(name);
}

function wordsOf(chain: readonly HolderFrame[], at: number): string {
  const holder = chain[at]?.name ?? '';
  const module = chain.slice(at + 1).find(isModule);
  // Its place says the file already, unless another module has the same name for it.
  return module === undefined || holder.includes('(') ? holder : `${holder} in ${module.name}`;
}
