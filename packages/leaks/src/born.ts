// What of a heap came while somebody looked on: the most that it can have gained.

/** Bytes of what is there in the last dump and was not in the first. */
export interface BornBytes {
  readonly bytes: number;
  /** Of those what V8 makes for itself: compiled code, shapes of objects. */
  readonly code: number;
}

/** Bytes of what was born since the first dump and is there in the last one. */
export interface Born extends BornBytes {
  /**
   * The same of the first half of the time: what leaks never goes, so that of whatever leaked by then all of it is there. Null where
   * dumps do not say when they were taken, or are too few.
   */
  readonly early: (BornBytes & { readonly ms: number }) | null;
}
