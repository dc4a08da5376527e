// The threads and children of the process as Linux lists them: read in the sidecar, which asks the main thread nothing.
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';

/** Threads whose names are read. */
const MOST_NAMED = 256;

/** What runs in and below the process. */
export interface OsThreads {
  /** Names of the threads besides the main one and the caller's; '' where there is none of its own. */
  readonly names: readonly string[];
  readonly children: number;
}

/** The name that a thread gave itself; '' where it has that of the whole process. */
function nameOf(id: string, main: string): string {
  const name = text(`/proc/self/task/${id}/comm`).trim();
  return [main, 'node', 'MainThread'].includes(name) ? '' : name;
}

function text(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return ''; // it has ended meanwhile
  }
}

/** Null where this is not Linux, or `/proc` may not be read. */
export function osThreads(): OsThreads | null {
  if (process.platform !== 'linux') return null;
  // Nobody is asked for leave that was not given, and no audit is told.
  const { permission: model }: { permission?: { has(scope: string, path: string): boolean } } = process;
  if (model !== undefined && !model.has('fs.read', '/proc/self/task')) return null;
  try {
    const own = readlinkSync('/proc/thread-self').split('/').at(-1);
    const main = text(`/proc/self/task/${process.pid}/comm`).trim();
    const ids = readdirSync('/proc/self/task').filter((id) => id !== own && id !== String(process.pid));
    const names = ids.map((id, i) => (i < MOST_NAMED ? nameOf(id, main) : ''));
    const children = text(`/proc/self/task/${process.pid}/children`).split(' ').filter(Boolean).length;
    return { names, children };
  } catch {
    return null;
  }
}
