// Open descriptors, seen from the worker: how many there are, and a few that are held so that a bundle can be written when there are no more.
import { closeSync, openSync, readdirSync, statSync } from 'node:fs';
import { devNull } from 'node:os';

const HELD = 4;

/** The folder in which the system lists them; null where it has none, or may not be asked. */
function listing(): string | null {
  const path =
    process.platform === 'linux' ? '/proc/self/fd' : process.platform === 'darwin' ? '/dev/fd' : null;
  const { permission } = process as { permission?: { has(scope: string, reference: string): boolean } };
  return path !== null && permission?.has('fs.read', path) === false ? null : path;
}

const path = listing();

/** Open descriptors of the whole process; null where that cannot be said. */
export function openDescriptors(): number | null {
  if (path === null) return null;
  try {
    // Linux says in the size of the folder how many there are, since 6.2; that needs none itself.
    return statSync(path).size || readdirSync(path).length - 1;
  } catch {
    return null;
  }
}

/** Descriptors that are held until they are needed. */
export class SpareDescriptors {
  readonly #held: number[] = [];

  /** Takes what is missing; where there are none left, fewer. */
  hold(): void {
    while (this.#held.length < HELD) {
      try {
        this.#held.push(openSync(devNull, 'r'));
      } catch {
        return;
      }
    }
  }

  release(): void {
    for (const held of this.#held.splice(0)) closeSync(held);
  }
}
