// What a look finds, before it is told.
import type { Frame } from '../frames.ts';
import type { LeakKind } from './leak.ts';

/** A finding whose frames are those that V8 told. */
export interface Found {
  readonly kind: LeakKind;
  readonly detail: string;
  readonly stack: readonly Frame[];
  readonly startedBy: Frame | null;
}
