// What is mutated: real files of every format, those of the repository and, where they are there, the shared ones.
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { encodeProfile, readPlainProfile } from '@stackpile/profile';
import { snapshotText } from '../../packages/profile/test/heapsnapshot/snapshot-text.ts';
import { root } from '../house.ts';

/** The formats that are fuzzed. */
export const formats = [
  'proto',
  'proto, packed',
  'Go text',
  'legacy text',
  'legacy CPU',
  'cpuprofile',
  'old cpuprofile',
  'heapprofile',
  'heapsnapshot',
  'folded',
  'speedscope',
  'Chrome trace',
  'perf script',
  'OTLP',
  'OTLP JSON',
  'Firefox',
  'callgrind',
  'austin',
  'MOJO',
  'jemalloc',
  'V8 log',
  'other tools',
  'UTF-16',
  'source map',
  'regular expression',
] as const;
export type FuzzFormat = (typeof formats)[number];

/** A file to mutate. */
export interface Seed {
  readonly format: FuzzFormat;
  readonly bytes: Uint8Array;
}

/** Longer files are cut: an input should take about a millisecond. */
const MAX_SEED = 24_000;

function seed(format: FuzzFormat, content: string | Uint8Array): Seed {
  // A copy, and no Buffer: a slice of one of these is not a copy.
  return {
    format,
    bytes: typeof content === 'string' ? new TextEncoder().encode(content) : Uint8Array.from(content),
  };
}

/** The first whole lines of a text. */
function firstLines(bytes: Uint8Array, size: number): Uint8Array {
  if (bytes.length <= size) return bytes;
  return bytes.subarray(0, bytes.lastIndexOf(10, size) + 1);
}

const goTexts = [
  'goroutine profile: total 3\n2 @ 0x43e5c6 0x44f8f6 0x46b2a1\n# labels: {"tick":"7", "who":"cron"}\n#\t0x43e5c5\tmain.subscribe+0x85\t/srv/cron/task.go:33\n#\t0x44f8f5\tmain.tick+0x35\t/srv/cron/main.go:21\n\n1 @ 0x43e5c6 0x46b2a1\n#\t0x43e5c5\tmain.main+0x45\t/srv/cron/main.go:9\n',
  'goroutine 1 [running]:\nmain.main()\n\t/srv/cron/main.go:9 +0x45\n\ngoroutine 18 [chan receive (nil chan), 5 minutes, locked to thread]:\nmain.subscribe({0x1234, 0x5})\n\t/srv/cron/task.go:33 +0x85\ncreated by main.tick in goroutine 1\n\t/srv/cron/main.go:21 +0x35\n\ngoroutine 19 [select, 2 hours] labels:{"a": "b"}:\nmain.wait(...)\n\t/srv/cron/task.go:40\n...additional frames elided...\n',
  'heap profile: 3: 4096 [5: 8192] @ heap/1048576\n1: 2048 [2: 4096] @ 0x401000 0x402000\n#\t0x401000\tmain.keep+0x20\t/srv/a.go:7\n2: 2048 [3: 4096] @ 0x401010 0x402000\n\n# runtime.MemStats\n# Alloc = 4096\n',
  'threadcreate profile: total 5\n4 @\n#\t0x0\n\n1 @ 0x43e5c6 0x44f8f6\n#\t0x43e5c5\truntime.allocm+0x85\t/go/proc.go:33\n',
  '--- mutex:\ncycles/second=2000000000\nsampling period=5\n1000 2 @ 0x401000 0x402000\n#\t0x401000\tsync.(*Mutex).Unlock+0x20\t/go/mutex.go:7\n500 1 @ 0x401010\n',
];

const legacyTexts = [
  'heap profile: 3: 4096 [5: 8192] @ heap_v2/524288\n1: 2048 [2: 4096] @ 0x401000 0x402000\n2: 2048 [3: 4096] @ 0x401010 0x402000\n\nMAPPED_LIBRARIES:\n00400000-00480000 r-xp 00000000 08:01 1 /srv/shop\n',
  '--- contentionz 1 ---\ncycles/second = 1000000000\nsampling period = 3\nms since reset = 5000\n500 20 @ 0x401000 0x402000\n10 2 @ 0x401010\n\n--- Memory map: ---\n400000-500000: /srv/shop (@1000) abc123\n',
  '--- threadz 1 ---\n\n--- Thread 7f0000001000 (name: main/1) stack: ---\n  PC: 0x401000 main\n      0x402000: caller\n--- Thread 7f0000002000 (name: worker/2) stack: ---\n  [same as previous thread]\n--- Memory map: ---\n400000-500000: /srv/shop (@1000) abc\n',
  '--- heapz 1 ---\nformat = java\nresolution = bytes\n  1 100 @ 0x401000 0x402000\n  2 50 @ 0x401010\n  0x401000 com.shop.Cart.add (Cart.java:7)\n  0x402000 com.shop.Main.main (Main.java:3)\n',
  'custom profile: total 9\n4 @ 0x401000 0x402000\n5 @ 0x401010\n\n--- Memory map: ---\n  build=/srv/bin\n  400000-500000: $build/shop (@1000) abc\n',
];

function legacyCpu(wide: boolean): Uint8Array {
  const words = [0, 3, 0, 10_000, 0, 5, 2, 0x401000, 0x402000, 1, 3, 0x401010, 0x402000, 0x403000, 0, 1, 0];
  const size = wide ? 8 : 4;
  const bytes = Buffer.alloc(words.length * size);
  for (const [i, word] of words.entries()) bytes.writeUInt32LE(word, i * size);
  return Buffer.concat([bytes, Buffer.from('00400000-00500000 r-xp 00000000 08:01 1 /srv/shop\n')]);
}

const snapshot = snapshotText([
  {
    type: 'synthetic',
    name: '',
    edges: [
      { type: 'element', name: 1, to: 1 },
      { type: 'property', name: 'a', to: 2 },
    ],
  },
  {
    type: 'closure',
    name: 'tick',
    size: 64,
    edges: [{ type: 'internal', name: 'context', to: 2 }],
    location: [1, 2, 3],
  },
  {
    type: 'object',
    name: 'Generator',
    size: 80,
    edges: [
      { type: 'internal', name: 'function', to: 1 },
      { type: 'weak', name: 0, to: 0 },
    ],
  },
]);

const sourceMaps = [
  '{"version":3,"file":"a.js","sourceRoot":"","sources":["a.ts","b.ts"],"names":["x","y"],"sourcesContent":["let x;\\n",null],"mappings":"AAAA,SAASA,IAAI;;AAEb,CAAC,CCAD;AACA;AAAA,gBgB"}',
  '{"version":3,"sections":[{"offset":{"line":0,"column":0},"map":{"version":3,"sources":["a.ts"],"names":[],"mappings":"AAAA;AACA"}}]}',
];

const patterns = [
  '^main\\.(sub|pub)scribe[A-Z]\\w+$',
  '(?i:foo|bar)+?(?P<name>[^a-z\\d]{2,5})\\b',
  '[[:alpha:]_]+\\.func\\d+(?:\\.\\d+)*',
  '\\pL+|\\p{Greek}|\\x{10FFFF}|\\Qa.b\\E|(a*)*(b|b*)*c{0,1000}',
];

const slices =
  '[{"ph":"B","name":"a","ts":1,"pid":1,"tid":1},{"ph":"X","name":"b","ts":2,"dur":5,"pid":1,"tid":1},{"ph":"E","name":"a","ts":9,"pid":1,"tid":1},{"ph":"X","name":"c","ts":3,"dur":1.5,"pid":1,"tid":2}]';

const hermes =
  '{"traceEvents":[],"samples":[{"cpu":"-1","ts":"1000","pid":1,"tid":"2","sf":2},{"ts":1500,"pid":1,"tid":"2","sf":3},{"ts":2500,"pid":1,"tid":"3","sf":1}],"stackFrames":{"1":{"name":"[root]"},"2":{"name":"main(/srv/a.js:1:2)","parent":1},"3":{"name":"work","line":"12","column":"3","parent":"2"}}}';

const evented =
  '{"$schema":"https://www.speedscope.app/file-format-schema.json","shared":{"frames":[{"name":"a"},{"name":"b","file":"b.ts","line":3,"col":1},null]},"profiles":[{"type":"evented","name":"x","unit":"ms","startValue":0,"endValue":9,"events":[{"type":"O","frame":0,"at":1},{"type":"O","frame":1,"at":2},{"type":"C","frame":0,"at":4}]},{"type":"sampled","name":"y","unit":"kilobytes","startValue":0,"endValue":3,"samples":[[0,1],[2],null],"weights":[1,null,3]}]}';

const perfColumns =
  'busy 7 1.5:   5025125 cpu-clock: \n\t            1159 outer+0x20 (/bin/busy)\n  busy.c:2\n\t            2000 lib (/bin/busy)\n  busy[2000]\n insn: 01 c2\n\nbusy offcpu-time: \n\t            1159\n\t           2724a main\n\n';

const perfFields =
  'Warning:\nProcessed 3 events\n\nswapper 0 [000]  5.1: PERF_RECORD_COMM: x:1/1\npython3 7/8  5.2: \n\n\t  10 work+0x1 (/bin/a+0x10)\n            20 main (inlined)\n  a.c:3\n\npython3 \n\t 10 work (/bin/a)\n\n[ perf record: Woken up 1 times ]\n';

const gecko =
  '{"meta":{"interval":1,"startTime":0},"libs":[],"threads":[{"name":"a","tid":6,"stringTable":["(root)","f (a.js:1:2)"],"frameTable":{"schema":{"location":0,"line":3},"data":[[0],[1,null,null,4]]},"stackTable":{"schema":{"prefix":0,"frame":1},"data":[[null,0],[0,1]]},"samples":{"schema":{"stack":0,"time":1},"data":[[1,1],[null,2],[1,3]]}}],"processes":[]}';

const perfMemory =
  'a 77 [001] 12.44:  1000 cpu/mem-loads,ldlat=30/P:  7ffe1000 5080021 |OP LOAD|LVL L1 hit|SNP None|LCK No|BLK  N/A   23  55d0 work+0x3 (/bin/a)\n\n                ffffffff81 native_halt\n                ffffffff82 idle\n\n';

const quotedLog =
  'v8-version,6,0,287,53,0\nshared-library,"/usr/local/bin/node",0x100003200,0x1008b3cba,0\nprofiler,"begin",1000\ncode-creation,LazyCompile,20,83715,0x3406263fb980,96,"a, ""b"" /srv/shop.js:1:73",0x3406263fb0d0,~\ntick,0x3406263fb990,9000,0,0x0,0\n';

/** What other tools write, which is named. */
const others = [
  'Analysis of sampling a (pid 77) every 1 millisecond\nCall graph:\n    2700 Thread_1   DispatchQueue_1: com.apple.main-thread  (serial)\n    + 2700 start  (in dyld) + 2432  [0x1]\n',
  'CPU     ID                    FUNCTION:NAME\n  0  64091   :tick-60s \n\n   libc.so.1`read+0xa\n   a.out`main+0x10\n     5\n',
  'Attaching 1 probe...\n\n@[\n    main+18\n    start+243\n]: 12\n',
  'Date/Time:  2026-11-30 10:00:00\nEnd time:  x\nCommand:   a\nSteps:     100 (10ms sampling interval)\n',
  'war:Column filter is ON.\nFunction Stack,CPU Time:Self,Module\nmain,0.1s,a\n',
  '    99.00%  a        a      [.] work\n            |\n            ---work\n\n     1.00%  a  [kernel.kallsyms]  [k] foo\n',
  'File: a\nBuild ID: abc\nType: cpu\nTime: x\nDuration: 1.20s, Total samples = 30ms ( 2.50%)\n      flat  flat%   sum%        cum   cum%\n',
  'main;a;b\nmain;a;c\n"main;work",3\n38 main;work\n',
  'Debugger attached.\n{"nodes":[{"id":1}]}\ncallback({"nodes":[]});\n',
  '[{"nodes":[{"id":1,"callFrame":{"functionName":"a"}}],"startTime":1},{"a":[1,2,3]}]',
  '{"version":"1","device":{},"profile":{"samples":[{"stack_id":0}],"stacks":[[0]],"frames":[{"function":"work"}]},"transaction":{}}\n{"a":1}\n',
  '<!DOCTYPE html>\n<html><head><title>/debug/pprof/</title></head><body><h1>CPU profile</h1></body></html>',
  '<?xml version="1.0"?>\n<!DOCTYPE svg>\n<svg version="1.1" width="1200"><title>main (38 samples, 100%)</title></svg>\n',
  'Weight\tSelf Weight\t\tSymbol Name\n2.00 s  100.0%\t0 s\t \ta (77)\n1.50 s   75.0%\t1.00 s\t \t main\n',
  '\tMon Nov 30 10:00 2026 Time and Allocation Profiling Report  (Final)\n\n\ttotal time  =   0.50 secs\n',
  '#0  0x00007f in poll () from /lib/libc.so\n#1  0x01 in main () at a.c:3\nThread 2 (LWP 7):\n',
  'Running Time\tSelf (ms)\t\tSymbol Name\r\n200.0ms  100.0%\t0.0\t \tMain Thread  0x1\r\n',
  'name,self,total\nmain,1,2\nwork,3,4\n',
];

/** The first pieces of a trace: real events, but fewer. */
function smallTrace(text: string): string {
  const { traceEvents } = JSON.parse(text) as { traceEvents: { name: string }[] };
  const some = traceEvents.filter(({ name }) => name !== 'ProfileChunk');
  const chunk = traceEvents.find(({ name }) => name === 'ProfileChunk');
  return JSON.stringify({ traceEvents: [...some, chunk] });
}

function committed(): Seed[] {
  const folder = join(root, 'packages/profile/test/fixtures');
  const file = (name: string): Uint8Array => readFileSync(join(folder, name));
  const v8 = ['shop.cpuprofile', 'shop.heapprofile', 'shop.folded', 'shop.speedscope.json'].map(file);
  const protos = v8.map((bytes) => encodeProfile(readPlainProfile(bytes)));
  const [cpu, heap, folded, speedscope] = v8 as [Uint8Array, Uint8Array, Uint8Array, Uint8Array];
  const short = 'main;work;mix 38\nmain;work on it;std::map<int, int>::at 12.5\n# remark\nmain 1\n';
  return [
    ...protos.map((bytes) => seed('proto', bytes)),
    ...protos.map((bytes) => seed('proto, packed', bytes)),
    ...goTexts.map((text) => seed('Go text', text)),
    ...legacyTexts.map((text) => seed('legacy text', text)),
    seed('legacy CPU', legacyCpu(false)),
    seed('legacy CPU', legacyCpu(true)),
    seed('cpuprofile', cpu),
    seed('old cpuprofile', file('shop-old.cpuprofile')),
    seed('heapprofile', heap),
    seed('heapsnapshot', snapshot),
    seed('folded', folded),
    seed('folded', short),
    seed('folded', `INFO: ready\n\n${short}main;x +.5\nmain;cut`),
    seed('folded', file('shop-diff.folded')),
    seed('folded', firstLines(file('shop-java.folded'), 3000)),
    seed('speedscope', speedscope),
    seed('speedscope', evented),
    seed('Chrome trace', smallTrace(new TextDecoder().decode(file('page.trace.json')))),
    seed('Chrome trace', slices),
    seed('Chrome trace', hermes),
    seed('perf script', firstLines(file('shop.perf'), 5000)),
    seed('perf script', perfFields),
    seed('perf script', perfColumns),
    seed('OTLP', file('shop.otlp')),
    seed('OTLP JSON', file('shop.otlp.json')),
    seed('OTLP', file('collector.otlp')),
    seed('OTLP JSON', file('collector.otlp.json')),
    seed('Firefox', file('shop.firefox.json')),
    seed('Firefox', gecko),
    seed('Firefox', file('page.firefox.json')),
    seed('Firefox', file('shop.fxprof.json')),
    seed('callgrind', file('shop.callgrind')),
    seed('austin', firstLines(file('shop.austin'), 5000)),
    seed('MOJO', file('shop.mojo')),
    seed('jemalloc', firstLines(file('shop.jemalloc.heap'), 6000)),
    seed('V8 log', file('shop.v8.log')),
    seed('V8 log', quotedLog),
    seed('perf script', perfMemory),
    seed('folded', '  main;work 3\n\tmain;idle 18446744073709551615\n'),
    ...others.map((text) => seed('other tools', text)),
    seed('UTF-16', Buffer.from(`\ufeff${short}`, 'utf16le')),
    ...sourceMaps.map((text) => seed('source map', text)),
    ...patterns.map((text) => seed('regular expression', text)),
  ];
}

/** Profiles of the real pprof's reference cases, beside the repository. */
function shared(): Seed[] {
  const folder = join(root, '../shared/fixtures/pprof/profiles');
  if (!existsSync(folder)) return [];
  const found: Seed[] = [];
  for (const name of readdirSync(folder).sort()) {
    const path = join(folder, name);
    if (name.startsWith('bad-') || !/\.(?:pb|pb\.gz|txt|prof)$/.test(name)) continue;
    // pprof itself refuses this one.
    if (name === 'lg-contentionz.txt') continue;
    const bytes = name.endsWith('.gz') ? gunzipSync(readFileSync(path)) : readFileSync(path);
    if (bytes.length > MAX_SEED) continue;
    if (name.includes('.pb')) found.push(seed('proto', bytes), seed('proto, packed', bytes));
    else if (name.endsWith('.prof')) found.push(seed('legacy CPU', bytes));
    else found.push(seed(name.startsWith('real') ? 'Go text' : 'legacy text', firstLines(bytes, 6000)));
  }
  return found;
}

/** All seeds, by format. */
export class Corpus {
  readonly byFormat: ReadonlyMap<FuzzFormat, readonly Seed[]>;
  readonly all: readonly Seed[];
  /** Tells one corpus from another. */
  readonly digest: string;

  constructor() {
    this.all = [...committed(), ...shared()];
    this.byFormat = new Map(
      formats.map((format) => [format, this.all.filter((one) => one.format === format)]),
    );
    const hash = createHash('sha256');
    for (const { format, bytes } of this.all) hash.update(format).update(bytes);
    this.digest = hash.digest('hex').slice(0, 12);
  }
}
