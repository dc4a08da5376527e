// What texts are that are no profiles, by how they begin, and what to do with such a text.

/** A kind of text, by how it begins (its first 4 KiB), blanks in front of it aside. */
interface TextSignature {
  readonly begins: RegExp;
  /** Whether nothing that is read begins so, though lines of it may look like stacks. */
  readonly isWhole?: true;
  readonly what: string;
}

const texts: readonly TextSignature[] = [
  {
    begins: /^<\?xml[^>]*>\s*<trace-query-result/,
    what: 'what xctrace exports of a trace of Instruments stands there: its stacks are not read from it: open the trace in speedscope and export it, or record with samply',
  },
  {
    begins: /^<\?xml[^>]*>\s*(?:<!DOCTYPE[^>]*>\s*)?<(?:svg|\w+:svg)|^<svg[\s>]/,
    what: 'a picture (SVG) stands there, a flame graph perhaps: give the stacks that it was made of',
  },
  { begins: /^<\?xml\b/, what: 'a document in XML stands there, not a profile' },
  {
    begins:
      /^Running Time\b|^Weight\tSelf Weight|^Samples?\tSelf|^[\w ]{1,40}\t(?:[^\n]{0,80}\t)?Symbol Name\r?\n/,
    isWhole: true,
    what: "a call tree copied from Instruments stands there, which is not read: convert it with a tool that does, speedscope's export for example",
  },
  {
    begins: /^(?:Sampling process \d+|Analysis of sampling )/,
    isWhole: true,
    what: "what macOS' sample prints stands there: collapse it first, with stackcollapse-sample.awk for example",
  },
  {
    begins: /^desc: .*\ncmd: .*\ntime_unit: /,
    what: "a recording of Valgrind's massif stands there: ms_print or massif-visualizer reads it",
  },
  {
    begins: /^v \d+ \S+\nX \S+|^v 1\d{4} \d+\n/,
    what: 'a recording of heaptrack stands there: give the file that heaptrack_print -F writes of it',
  },
  {
    begins: /^Flat profile:\n|^Each sample counts as /m,
    what: 'what gprof prints stands there, a report and not a profile',
  },
  {
    begins:
      /^# To display the perf\.data header info|^# Overhead\b|^# Total Lost Samples: |^ *\d+\.\d+% +.{1,200}? \[[.kgu]\] \S/m,
    what: 'what perf report prints stands there: give what perf script prints',
  },
  {
    begins:
      /^(?:File: .*\n)?(?:Build ID: .*\n)?(?:Type: .*\n)(?:[^\n]*\n){0,6}(?:\s*flat\s+flat%|-{11}\+-{3})/,
    what: 'a report of pprof stands there: give the profile that it was made of',
  },
  {
    begins: /^\s*\d+ function calls (?:\(|in )/m,
    what: "what Python's pstats prints stands there, a report and not a profile",
  },
  {
    begins: /^(?:\S+ )?(?:\d{4}-\d\d-\d\d[ T][\d:]+\n)?Full thread dump /,
    what: 'a thread dump of Java stands there: no format of it is known here',
  },
  {
    begins: /^# tracer: /,
    what: "a trace of Linux' ftrace stands there: record stacks with perf, and give what perf script prints",
  },
  {
    begins: /^(?:Attach(?:ing|ed) \d+ probes?\b|@\w*\[)/,
    what: 'what bpftrace prints stands there: collapse it first, with stackcollapse-bpftrace.pl for example',
  },
  {
    begins:
      /^CPU +ID +FUNCTION:NAME\n|^dtrace: |^\s*\S+`\S+\n(?:\s*\S+`\S+\n)*\s*\d+\n|^ *value +-+ Distribution -+ count/m,
    what: 'what dtrace prints stands there: collapse it first, with stackcollapse.pl for example',
  },
  {
    begins: /^0 \S+ \S+:-?\d+\n(?:\d+ \S+ \S+:-?\d+\n)*/,
    what: 'what phpspy prints stands there: collapse it first, with its stackcollapse-phpspy.pl',
  },
  {
    begins: /^file-format: Blackfire/i,
    what: 'a recording of Blackfire stands there: no format of it is known here',
  },
  {
    begins: /^a:\d+:\{s:\d+:"main\(\)/,
    what: 'a recording of XHProf stands there: it holds calls of pairs and no stacks; record with Xdebug or Excimer',
  },
  {
    begins: /^(?:Version: \d[\d.]*\nFile format: \d+\n)?TRACE START \[/,
    what: "a trace of Xdebug's functions stands there: record with xdebug.mode=profile, which is read",
  },
  {
    begins: /^Measure Mode: \w+\nThread ID: /,
    what: "a report of Ruby's ruby-prof stands there: print it with its CallTreePrinter, which is read as callgrind",
  },
  {
    begins: /^\s*_ {5}\._ {3}__\/__ |^ {2}_ {5}\._/,
    what: 'what pyinstrument prints stands there: give what pyinstrument -r speedscope makes',
  },
  {
    begins: /^Clock type: \w+\nOrdered by: /,
    what: "a report of Python's yappi stands there: save it as callgrind",
  },
  {
    begins: /^Total: \d+ (?:samples|objects|MB|B)\n/,
    what: 'a report of pprof stands there: give the profile that it was made of',
  },
  {
    begins: /^ ?num {5}#instances {9}#bytes/,
    what: "a histogram of Java's classes stands there, which holds no stacks",
  },
  {
    begins: /^#0 {2}(?:0x[0-9a-f]+ in )?\S+ \(|^Thread \d+ \(/,
    what: 'stacks of a debugger stand there: collapse them first, with stackcollapse-gdb.pl for example',
  },
  { begins: /^==\d+== /, what: 'what Valgrind says stands there, a report and not a profile' },
  { begins: /^=+\n==\d+==ERROR: /, what: 'what a sanitizer says stands there, a report and not a profile' },
  { begins: /^mode: (?:set|count|atomic)\n/, what: "Go's test coverage stands there, not a profile" },
  {
    begins: /^goos: \w+\ngoarch: /,
    what: "results of Go's benchmarks stand there, not a profile: run them with -cpuprofile",
  },
  {
    begins: /^Percent +\|\s+Source code & Disassembly/,
    what: 'what perf annotate prints stands there: give what perf script prints',
  },
  {
    begins: /^Performance counter stats for /,
    what: 'what perf stat prints stands there: it holds counts and no stacks; record with perf record -g, and give what perf script prints',
  },
  {
    begins: /^time +cpu +task name +wait time/,
    what: 'what perf sched prints stands there: give what perf script prints',
  },
  {
    begins: /^\d+\.\d{3} \( *(?:\d+\.\d{3} ms|)\s*\): /,
    what: 'what perf trace prints stands there: it holds calls of the system and no stacks that are read',
  },
  {
    begins: /^(?:\d+ \d+ )?0x[0-9a-f]+ \[0x[0-9a-f]+\]: (?:PERF_RECORD_|event: )/,
    what: 'the bytes of a recording as perf script -D prints them stand there: give what perf script prints without -D',
  },
  {
    begins: /^(?:Sampling at \d+ Hertz of |Tracing [^\n]{0,80} of [^\n]{0,80} stack)/,
    what: "what bcc's tools print stands there: run the tool with -f, for folded stacks",
  },
  {
    begins: /^(?:version = \d+\n)?cpus=\d+\n/,
    what: 'what trace-cmd prints stands there: record stacks with perf, and give what perf script prints',
  },
  {
    begins: /^@ \S+ \[\d+ samples\]/,
    what: 'what pmcstat prints stands there: collapse it first, with stackcollapse-pmc.pl for example',
  },
  {
    begins: /^Date\/Time: [^\n]*\n(?:[^\n]*\n){0,24}(?:Steps|Event|Command|Process): /,
    isWhole: true,
    what: "a report of macOS' spindump stands there: record with samply, or with sample and collapse that",
  },
  {
    begins:
      /^(?:war:[^\n]*\n)*"?(?:Function(?: Stack)?|Call Stack|Source Function(?: Stack)?)"?[,;\t](?:[^\n]*[,;\t])?"?(?:CPU Time|Effective Time|Clockticks|Instructions Retired)/,
    what: 'a table of VTune stands there: collapse it first, with stackcollapse-vtune.pl for example',
  },
  {
    begins: /^"?Level"?,"?Function Name"?,/,
    what: 'a call tree of Visual Studio stands there: collapse it first, with inferno-collapse-vsprof for example',
  },
  { begins: /^"?AMD uProf/, what: 'a report of uProf stands there, a table and not a profile' },
  {
    begins: /^--- Execution profile ---\n/,
    what: 'a report of async-profiler stands there: record with -o collapsed',
  },
  {
    begins: /^(?:strict )?digraph\b/,
    what: 'a graph for dot stands there: give the profile that it was made of',
  },
  {
    begins: /^PeriodType: /,
    what: 'what pprof -raw prints stands there: give the profile that it was made of',
  },
  {
    begins: /^(?:fl|fn|ob)=/,
    what: 'lines of callgrind stand there without the line that names their events: give the file whole',
  },
  {
    begins: /^Process \d+: [^\n]*\nPython v\d/,
    what: 'what py-spy dump prints stands there, one moment and no profile: record with py-spy record -f raw',
  },
  {
    begins: /^\[ Top \d+\b/,
    what: "what Python's tracemalloc prints stands there, which holds no stacks: record with memray",
  },
  {
    begins: /^FUNCTION +CALLS +%|^%% Analysis results:/,
    what: "a report of Erlang's eprof or fprof stands there: record stacks with eflame or eflambe",
  },
  {
    begins: /^\w{3} \w{3} [^\n]{5,40} Time and Allocation Profiling Report/,
    what: 'a profile of GHC stands there: collapse it first, with inferno-collapse-ghcprof for example',
  },
  { begins: /^JOB "/, what: 'a heap profile of GHC stands there: hp2ps and hp2pretty read it' },
  {
    begins: /^Overhead [\u2500-\u257f]/,
    what: "what Julia's Profile prints stands there: write it with PProf.jl",
  },
  {
    begins: /^(?:(?:memory|line|GC) profiling: ?)*sample\.interval=\d+/,
    what: "a recording of R's Rprof stands there: convert it with the package profile, which writes pprof's",
  },
  {
    begins: /^% self +% total +name/,
    what: 'a summary of rbspy stands there: record with -f collapsed',
  },
  {
    begins: /^=+\n\s*Mode: \w+\(/,
    what: "a report of Ruby's stackprof stands there: give what stackprof --stackcollapse prints",
  },
  {
    begins: /^(?:Total samples: \d+\n\s*)?Top functions as </,
    what: "a report of JavaScriptCore's sampling profiler stands there, not a profile",
  },
  {
    begins: /^Statistical profiling result from /,
    what: 'what node --prof-process prints stands there: give the log that it was made of (isolate-0x…-v8.log)',
  },
  {
    begins: /^\[\d+:0x[0-9a-f]+\] +\d+ ms: /,
    what: 'what V8 says of its garbage collector stands there, not a profile',
  },
  {
    begins: /^(?:CPU: [^\n]*\n)?Counted \S+ events/,
    what: 'a report of oprofile stands there: record with perf, and give what perf script prints',
  },
  {
    begins: /^(?:Script|Stack)_\S+ log opened/,
    what: 'a log of Papyrus stands there: open it in speedscope and export it',
  },
  {
    begins: /^# (?:HELP|TYPE) \w+ /,
    what: 'metrics for Prometheus stand there, not a profile',
  },
  {
    begins: /^H4sI[A-Za-z0-9+/\s]{20}/,
    what: 'packed data stand there as text in base64: decode it first, with base64 -d for example',
  },
  {
    begins: /^name,src_file,src_line,total_ns,/,
    what: "a table of Tracy's stands there, which holds no stacks",
  },
  { begins: /^#!/, what: 'a script stands there, not a profile' },
  {
    begins: /^version https:\/\/git-lfs/,
    what: 'a pointer of Git LFS stands there: fetch the file itself with git lfs pull',
  },
];

function signatureOf(head: string): TextSignature | undefined {
  const text = head.replace(/^\ufeff?\s*/u, '').replaceAll('\r\n', '\n');
  return texts.find(({ begins }) => begins.test(text));
}

/** What a text is, as the middle of a sentence; null where its beginning says nothing. */
export function describeText(head: string): string | null {
  return signatureOf(head)?.what ?? null;
}

/** Whether a text is another tool's, whatever its lines look like. */
export function isAnothers(head: string): boolean {
  return signatureOf(head)?.isWhole === true;
}
