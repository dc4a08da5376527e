// What the main thread and the store's own thread say to each other.
import type { StoreErrorCode } from '../../errors.ts';
import type { HourRecord, ProfileRecord, ProfileStore } from '../model.ts';
import type { StorePlace } from '../open.ts';
import type { TreeGrowth } from '../stack-tree.ts';

/** Methods whose arguments and answers are copied as they are. */
export type PlainMethod = Exclude<keyof ProfileStore, 'putBatch' | 'putHours'>;

type PlainCall = {
  [Method in PlainMethod]: { readonly kind: Method; readonly args: Parameters<ProfileStore[Method]> };
}[PlainMethod];

/** A tree is sent once, by a number, and then what it has grown by. */
interface Grown {
  readonly tree: number;
  readonly growth: TreeGrowth;
}

export type StoreCall =
  | PlainCall
  | ({ readonly kind: 'putBatch'; readonly profiles: readonly ProfileRecord[] } & Grown)
  | ({ readonly kind: 'putHours'; readonly hours: readonly HourRecord[] } & Grown);

export type ToThread =
  | { readonly kind: 'call'; readonly id: number; readonly call: StoreCall }
  /** A tree that nobody has any more. */
  | { readonly kind: 'forget'; readonly tree: number };

/** A StoreError by its parts, or whatever else was thrown by its message. */
export interface Failure {
  readonly code: StoreErrorCode | null;
  readonly message: string;
}

export type FromThread =
  | { readonly kind: 'opened' }
  | { readonly kind: 'refused'; readonly failure: Failure }
  | { readonly kind: 'answer'; readonly id: number; readonly value: unknown }
  | { readonly kind: 'failed'; readonly id: number; readonly failure: Failure };

export interface ThreadData {
  readonly place: StorePlace;
}
