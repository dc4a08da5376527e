// Pieces of ClickHouse's SQL that every version from 18.16 on reads: no query parameters, no CTEs, no windows.
import type { Range } from '../model.ts';

/** Numbers come out of ranges that were checked: they are finite. */
export function num(value: number): string {
  return Number.isInteger(value) ? String(value) : value.toString();
}

export function text(value: string): string {
  return `'${value.replaceAll('\\', '\\\\').replaceAll("'", "\\'").replaceAll('\0', '\\0')}'`;
}

/** For IN: a list that may be empty. */
export function list(values: readonly (number | bigint)[]): string {
  return values.length === 0 ? '(NULL)' : `(${values.join(',')})`;
}

export function within(column: string, { from, to }: Range): string {
  return `${column} >= ${num(from)} AND ${column} < ${num(to)}`;
}

export function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

/** A whole number of 64 bits. */
export function bigOf(value: unknown): bigint {
  return typeof value === 'string' || typeof value === 'number' ? BigInt(value) : 0n;
}
