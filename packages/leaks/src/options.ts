// How dumps are judged.
import type { OriginOptions } from '@stackpile/profile';
import type { SharedFrames } from './frames.ts';
import type { Verdict } from './verdict.ts';

/** How dumps are judged; everything has a default. */
export interface LeakOptions {
  /** Whose code is whose; see `classifyFunction`. */
  readonly origin?: OriginOptions;
  /** Sample type to judge; default the first that counts what is alive. */
  readonly sampleType?: string;
  /** Where it ends, in the unit of the sample type: a memory limit in bytes, a count. Gives findings their `untilLimit`. */
  readonly limit?: number;
  /** Findings in a verdict; default 12. */
  readonly maxFindings?: number;
  /** Points kept per series; beyond, some in between are forgotten. Default 96, at least 8. */
  readonly maxDumps?: number;
  /** Series kept; beyond, those that were never large and are gone are forgotten. Default 20,000. */
  readonly maxSeries?: number;
  /** Ids of goroutines or tasks followed; beyond, the verdict goes by counts alone. Default 1,000,000. */
  readonly maxIds?: number;
  /** Where frames are kept; for several watches of the same code, which have the same `origin`. */
  readonly frames?: SharedFrames;
  /** Called where dumps show that the target restarted, with the verdict on the run that ended. */
  readonly onRestart?: (before: Verdict) => void;
}
