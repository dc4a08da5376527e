// Time and memory of one input, or of a batch of them, as the kernel and V8 count them.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import process from 'node:process';
import { setImmediate } from 'node:timers/promises';
import v8 from 'node:v8';
import type { FuzzFormat } from './seeds.ts';

/** Memory that any input may take, however small it is: V8's own young generation and compiled code come and go within it. */
export const FLOOR_BYTES: number = 32 * 2 ** 20;
/** Beyond the floor, bytes per byte of input. */
export const MOST_RATIO = 50;
/** CPU time per started 100 kB. */
export const MOST_MS = 1000;

/**
 * A regular expression may have 3,355,443 instructions, whatever its length, because pprof takes what Go takes: so many may
 * take this long and this much.
 */
export const EXPRESSION_MS = 3000;
export const EXPRESSION_BYTES: number = 512 * 2 ** 20;

/** CPU milliseconds that an input of `size` bytes may take. */
export function timeLimit(size: number, format: FuzzFormat): number {
  return Math.max(format === 'regular expression' ? EXPRESSION_MS : MOST_MS, (MOST_MS * size) / 100_000);
}

/** Bytes that an input of `size` bytes may make the process take. */
export function memoryLimit(size: number, format: FuzzFormat): number {
  return Math.max(format === 'regular expression' ? EXPRESSION_BYTES : FLOOR_BYTES, MOST_RATIO * size);
}

const resetFile = '/proc/self/clear_refs';
/** The kernel tells the highest memory since it was asked to forget it; other systems have no such thing. */
export const canMeasureMemory: boolean = existsSync(resetFile);

function statusBytes(field: string): number {
  const found = new RegExp(`^${field}:\\s+(\\d+) kB`, 'm').exec(readFileSync('/proc/self/status', 'latin1'));
  return Number(found?.[1] ?? 0) * 1024;
}

/** What a step took. */
export interface Cost {
  /** CPU milliseconds of this thread. */
  readonly ms: number;
  /** Bytes above what the process had before, at the worst moment; 0 where it cannot be measured. */
  readonly bytes: number;
}

const external = (): number => v8.getHeapStatistics().external_memory;

/** Runs `step`. Memory is the larger one of resident memory at its peak and of buffers that are still held afterwards. */
export async function measure<T>(step: () => Promise<T>): Promise<Cost & { readonly result: T }> {
  let before = 0;
  let heldBefore = 0;
  if (canMeasureMemory) {
    writeFileSync(resetFile, '5');
    before = statusBytes('VmRSS');
    heldBefore = external();
  }
  const started = process.threadCpuUsage();
  const result = await step();
  const { user, system } = process.threadCpuUsage(started);
  const bytes = canMeasureMemory ? Math.max(statusBytes('VmHWM') - before, external() - heldBefore, 0) : 0;
  return { result, ms: (user + system) / 1000, bytes };
}

/** Collects all garbage, so that what comes next is measured alone; needs --expose-gc. */
export async function collect(): Promise<void> {
  const { gc } = globalThis as { gc?: () => void };
  gc?.();
  // Buffers are given back by another thread; the second collection waits for it.
  await setImmediate();
  gc?.();
}
