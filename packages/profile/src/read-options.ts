// How profiles are read.
import type { Inflate } from './bytes/gunzip.ts';

/** Options of `readProfile`. */
export interface ReadOptions {
  /**
   * Gunzips, and throws or gives more than `limit` bytes where the result would be longer; by default the platform's
   * `DecompressionStream`. Node's `zlib.createGunzip()` is faster, and its `gunzipSync` is for small profiles.
   */
  readonly inflate?: Inflate;
  /**
   * Most bytes a profile may have uncompressed. Default: 100 times the compressed size, but at least 64 MiB, and
   * never more than 2 GiB − 1.
   */
  readonly maxBytes?: number;
  /**
   * `named` (default): Go's texts with the names and labels that they print. `as-pprof`: exactly what `go tool pprof`
   * makes of them: bare addresses and its doubled mutex scaling; what it does not read at all is read as ever.
   */
  readonly goTexts?: 'named' | 'as-pprof';
  /**
   * Keep the order in time of V8's CPU profiles, and of Chrome's traces and speedscope's files with one thread: a sample for
   * each stretch of equal stacks, with the numeric label `timestamp` (nanoseconds since the start), instead of one for each
   * stack. Default false.
   */
  readonly times?: boolean;
  /**
   * Hears how far the reader has come, in bytes (not compressed) of about `total`, 0 where nobody knows: that of messages and
   * those of formats in JSON. Texts are read in one go and say nothing.
   */
  readonly onProgress?: (bytes: number, total: number) => void;
}
