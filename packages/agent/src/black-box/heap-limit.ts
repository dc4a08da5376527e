// Where V8's heap really ends: its own limit counts the young generation in, which a leak never fills.
import type { Expression } from '../host/calls.ts';

/** What {@link oldSpaceLimit} is told, read on the main thread. */
export interface HeapFlags {
  /** `heap_size_limit`, bytes. */
  readonly limit: number;
  /** The flags of the process. */
  readonly flags: string;
  readonly major: number;
}

/** Evaluates to {@link HeapFlags}. */
export const HEAP_FLAGS: Expression<HeapFlags> = `(() => {
  const v8 = (process.getBuiltinModule ?? require)('node:v8');
  return {
    limit: v8.getHeapStatistics().heap_size_limit,
    flags: [process.env.NODE_OPTIONS ?? '', ...process.execArgv].join(' '),
    major: +process.versions.node.split('.')[0],
  };
})()`;

/** Megabytes that a flag says last, as V8 goes by the last one; null where it does not stand there. */
function megabytes(flags: string, name: string): number | null {
  const said = [...flags.matchAll(new RegExp(`--${name.replaceAll('-', '[-_]')}[= ](\\d+)`, 'gu'))];
  const value = Number(said.at(-1)?.[1] ?? Number.NaN);
  return Number.isFinite(value) && value > 0 ? value : null;
}

/**
 * Bytes of the old generation at which V8 gives up.
 *
 * The young generation is three semi-spaces: 16 MB each up to Node 22, 64 MB on 24, 32 MB on 26 (measured as what `heap_size_limit` has
 * beyond `--max-old-space-size`).
 */
export function oldSpaceLimit({ limit, flags, major }: HeapFlags): number {
  const told = megabytes(flags, 'max-old-space-size');
  if (told !== null) return told * 2 ** 20;
  const semi = megabytes(flags, 'max-semi-space-size') ?? (major >= 26 ? 32 : major >= 24 ? 64 : 16);
  return Math.max(limit / 2, limit - 3 * semi * 2 ** 20);
}
