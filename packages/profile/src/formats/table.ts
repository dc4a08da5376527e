// All formats that pprof does not read.
import { austin } from './austin.ts';
import { austinMojo } from './austin-mojo.ts';
import { callgrind } from './callgrind.ts';
import { chromeTrace } from './chrome-trace.ts';
import { cpuprofile } from './cpuprofile.ts';
import { firefox } from './firefox.ts';
import { folded } from './folded.ts';
import type { ProfileFormat } from './format.ts';
import { goStacks } from './go-goroutine-stacks.ts';
import { heapprofile } from './heapprofile.ts';
import { heapSnapshot } from './heapsnapshot.ts';
import { jemalloc } from './jemalloc.ts';
import type { TellingKey } from './json-keys.ts';
import { nodeProf } from './node-prof.ts';
import { oldCpuprofile } from './old-cpuprofile.ts';
import { otlpJson } from './otlp/json.ts';
import { perfScript } from './perf-script.ts';
import { speedscope } from './speedscope.ts';

/** Formats in JSON, which nothing that pprof reads looks like: asked before all others, and all at once. */
export const jsonFormats: readonly TellingKey[] = [
  { format: heapSnapshot, key: 'snapshot', begins: /^\{/ },
  { format: cpuprofile, key: 'nodes', begins: /^\[[^{]*\{[^]*?"callFrame"\s*:/ },
  { format: heapprofile, key: 'head', begins: /^\{[^]*?"callFrame"\s*:/ },
  { format: oldCpuprofile, key: 'head', begins: /^\{[^]*?"hitCount"\s*:/ },
  { format: speedscope, key: '$schema', begins: /^"[^"]*speedscope/ },
  { format: speedscope, key: 'shared', begins: /^\{\s*"frames"\s*:/ },
  { format: otlpJson, key: 'resourceProfiles', begins: /^\[/ },
  { format: firefox, key: 'threads', begins: /^\[\s*(?:\{|\])/ },
  {
    format: firefox,
    key: 'meta',
    begins: /^\{[^]*?"(?:interval|processType|preprocessedProfileVersion)"\s*:/,
  },
  { format: chromeTrace, key: 'traceEvents', begins: /^\[/ },
  { format: chromeTrace, key: '', begins: /^\[\s*\{[^]*?"(?:ph|cat|args|ts)"\s*:/ },
];

/** Formats of text, asked when pprof's own are out; the first whose `sniff` says yes reads the bytes. */
export const textFormats: readonly ProfileFormat[] = [
  austinMojo,
  jemalloc,
  goStacks,
  nodeProf,
  callgrind,
  austin,
  perfScript,
  folded,
];
