// Where a listener listens.

/** Where to listen. */
export type Place =
  /** The first of `ports` that is free; 0 is any. */
  | { readonly kind: 'port'; readonly host: string; readonly ports: readonly number[] }
  /** A socket in the file system. */
  | { readonly kind: 'socket'; readonly path: string };
