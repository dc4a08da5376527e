// What of a heap came while somebody looked on: the most that it can have gained.

/** Bytes of what was born since the first dump and is there in the last one. */
export interface Born {
  readonly bytes: number;
  /** Of those what V8 makes for itself: compiled code, shapes of objects. */
  readonly code: number;
}
