// All formats that pprof does not read, in the order in which they are tried.
import { chromeTrace } from './chrome-trace.ts';
import { cpuprofile } from './cpuprofile.ts';
import { folded } from './folded.ts';
import type { ProfileFormat } from './format.ts';
import { goStacks } from './go-goroutine-stacks.ts';
import { heapprofile } from './heapprofile.ts';
import { heapSnapshot } from './heapsnapshot.ts';
import { oldCpuprofile } from './old-cpuprofile.ts';
import { perfScript } from './perf-script.ts';
import { speedscope } from './speedscope.ts';

/** Formats in JSON, which nothing that pprof reads looks like: asked before all others. */
export const jsonFormats: readonly ProfileFormat[] = [
  heapSnapshot,
  cpuprofile,
  oldCpuprofile,
  heapprofile,
  speedscope,
  chromeTrace,
];

/** Formats of text, asked when pprof's own are out; the first whose `sniff` says yes reads the bytes. */
export const textFormats: readonly ProfileFormat[] = [goStacks, perfScript, folded];
