// How much memory is left for a process before its limit or the machine's, and how much a heap snapshot will take.
import { readFileSync } from 'node:fs';
import { memoryUsage } from 'node:process';

/** What bounds the memory of a process. */
export interface MemoryRoom {
  /** Bytes that may still be allocated. */
  readonly left: number;
  /** Bytes that are in use under that bound. */
  readonly used: number;
  /** The bound; Infinity where there is none. */
  readonly limit: number;
  /** What the bound is, in words. */
  readonly what: string;
}

/** Reads a text file; null where there is none. Tests hand in their own. */
export type ReadText = (path: string) => string | null;

function readText(path: string): string | null {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return null;
  }
}

function bytesIn(text: string | null): number | null {
  if (text === null) return null;
  const value = Number(text.trim());
  return Number.isFinite(value) ? value : null;
}

/** Bytes of this process that are in memory; null where that cannot be said: Linux tells it in a file, which takes a descriptor. */
export function residentSize(): number | null {
  try {
    return memoryUsage.rss();
  } catch {
    return null;
  }
}

/** Page cache that the kernel gives back before it kills anybody. */
function reclaimable(stat: string | null, key: string): number {
  const line = stat?.split('\n').find((one) => one.startsWith(`${key} `));
  return line === undefined ? 0 : (bytesIn(line.slice(key.length)) ?? 0);
}

/** The tightest cgroup limit above a process: v2's files from its own group upwards, or v1's memory controller. */
function cgroupRoom(pid: number | 'self', read: ReadText): MemoryRoom | null {
  const groups = read(`/proc/${pid}/cgroup`);
  if (groups === null) return null;
  let tightest: MemoryRoom | null = null;
  const consider = (limit: number | null, used: number | null, cache: number, what: string): void => {
    // v1 says "no limit" with the largest page-aligned number.
    if (limit === null || used === null || limit >= 2 ** 62) return;
    const left = Math.max(0, limit - (used - cache));
    if (tightest === null || left < tightest.left) tightest = { left, used: used - cache, limit, what };
  };
  for (const line of groups.split('\n')) {
    const [, controllers, ...rest] = line.split(':');
    if (controllers === undefined) continue;
    const path = rest.join(':');
    if (controllers === '') {
      // In a container the group's own path may not be visible: its files then lie at the mount's root.
      for (let at = path; ; at = at.slice(0, at.lastIndexOf('/'))) {
        const folder = `/sys/fs/cgroup${at === '/' ? '' : at}`;
        const cache = reclaimable(read(`${folder}/memory.stat`), 'inactive_file');
        consider(
          bytesIn(read(`${folder}/memory.max`)),
          bytesIn(read(`${folder}/memory.current`)),
          cache,
          'cgroup',
        );
        if (at === '' || at === '/') break;
      }
    } else if (controllers.split(',').includes('memory')) {
      for (const folder of [`/sys/fs/cgroup/memory${path}`, '/sys/fs/cgroup/memory']) {
        const cache = reclaimable(read(`${folder}/memory.stat`), 'total_inactive_file');
        const limit = bytesIn(read(`${folder}/memory.limit_in_bytes`));
        consider(limit, bytesIn(read(`${folder}/memory.usage_in_bytes`)), cache, 'cgroup');
      }
    }
  }
  return tightest;
}

/** What is left on the machine as a whole. */
function machineRoom(read: ReadText): MemoryRoom | null {
  const info = read('/proc/meminfo');
  if (info === null) return null;
  const kilobytes = (key: string): number | null =>
    bytesIn(new RegExp(`^${key}:\\s+(\\d+) kB`, 'mu').exec(info)?.[1] ?? null);
  const total = kilobytes('MemTotal');
  const available = kilobytes('MemAvailable');
  if (total === null || available === null) return null;
  const left = available * 1024;
  const limit = total * 1024;
  return { left, used: limit - left, limit, what: 'machine' };
}

/** The limit that Node itself knows of (`process.constrainedMemory`), for systems without the files above. */
export interface ConstrainedMemory {
  /** Bytes; 0 where Node knows none. */
  readonly limit: number;
  readonly rss: number;
}

/**
 * The tightest bound on a process's memory.
 *
 * @param pid whose cgroup is looked at; `'self'` for this process
 */
export function memoryRoom(
  pid: number | 'self',
  constrained: ConstrainedMemory,
  read: ReadText = readText,
): MemoryRoom {
  const rooms: MemoryRoom[] = [];
  const group = cgroupRoom(pid, read);
  if (group !== null) rooms.push(group);
  const machine = machineRoom(read);
  if (machine !== null) rooms.push(machine);
  // Numbers beyond 2^53 are how "no limit" looks here.
  if (constrained.limit > 0 && constrained.limit < 2 ** 53) {
    const left = Math.max(0, constrained.limit - constrained.rss);
    rooms.push({ left, used: constrained.rss, limit: constrained.limit, what: 'process' });
  }
  rooms.sort((a, b) => a.left - b.left);
  return rooms[0] ?? { left: Infinity, used: constrained.rss, limit: Infinity, what: 'process' };
}

/** What a heap snapshot will take. */
export interface SnapshotCost {
  /** Objects of the heap, estimated from its size. */
  readonly objects: number;
  /** Bytes needed at the peak: V8's own tables while it writes, and our columns while we read. */
  readonly bytes: number;
  /** Milliseconds for which the program will stand still, give or take a factor of three. */
  readonly stopMs: number;
}

/** Bytes of an average object; measured 40 to 56 on heaps of small objects. */
const BYTES_PER_OBJECT = 44;
/** Bytes that V8 needs per object while it writes; measured 420 to 520 by Node's version. */
const V8_BYTES = 520;
/** Bytes per object of the columns and the analysis. */
const OUR_BYTES = 64;
/** Milliseconds per megabyte of heap; measured 60 to 150 on a slow shared machine, a fifth of that on a fast one. */
const STOP_MS_PER_MB = 60;

/** What a snapshot of a heap with `heapUsed` bytes will cost. `readHere`: whether this process also reads it. */
export function snapshotCost(heapUsed: number, readHere: boolean): SnapshotCost {
  const objects = Math.ceil(heapUsed / BYTES_PER_OBJECT);
  return {
    objects,
    bytes: objects * (V8_BYTES + (readHere ? OUR_BYTES : 0)),
    stopMs: (heapUsed / 2 ** 20) * STOP_MS_PER_MB,
  };
}

/** `12.3 GB`, `512 MB`: powers of 1024. */
export function humanBytes(bytes: number): string {
  if (bytes === Infinity) return 'unlimited';
  return bytes >= 2 ** 30
    ? `${(bytes / 2 ** 30).toFixed(1)} GB`
    : `${Math.max(1, Math.round(bytes / 2 ** 20))} MB`;
}

/** Why a snapshot is refused, with the numbers; null where there is room for it. */
export function refusal(heapUsed: number, cost: SnapshotCost, room: MemoryRoom): string | null {
  if (cost.bytes <= room.left) return null;
  return (
    `a heap snapshot needs about ${humanBytes(cost.bytes)} (a heap of ${humanBytes(heapUsed)} in about ` +
    `${(cost.objects / 1e6).toFixed(1)} million objects), but only ${humanBytes(room.left)} are left: the ${room.what} limit is ` +
    `${humanBytes(room.limit)} and ${humanBytes(room.used)} are in use`
  );
}
