// What the first bytes of files say that are no profiles, and what to do with such a file.

/** A kind of file, by bytes that stand at one place in it. */
interface Signature {
  readonly at?: number;
  /** Characters stand for the bytes of their codes. */
  readonly bytes: string;
  /** What the file begins with, where the bytes stand elsewhere. */
  readonly behind?: string;
  /** What the beginning is as well, where the bytes alone say too little. */
  readonly text?: RegExp;
  readonly isToo?: (bytes: Uint8Array) => boolean;
  /** Continues "the file is …". */
  readonly what: string;
}

const PROGRAM = 'not a profile of it: give it in front of the profile';
const UNPACK = 'unpack it first';
const TRACE_OF_ANDROID =
  "a trace of Android's methods: Android Studio reads it, or record with simpleperf and give what its report_sample.py prints";

/** A buffer of ETL: its size is a power of two, and the header of the system's own event stands behind 72 bytes. */
function isEtl(bytes: Uint8Array): boolean {
  if (bytes.length < 0x50) return false;
  const size = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength).getUint32(0, true);
  return (
    size >= 0x400 &&
    size <= 0x1000000 &&
    (size & (size - 1)) === 0 &&
    (bytes[0x4a] === 1 || bytes[0x4a] === 2)
  );
}

const signatures: readonly Signature[] = [
  {
    at: 16,
    bytes: '\x04\0',
    behind: '\x7fELF',
    what: 'a memory dump of a process (core), which debuggers read',
  },
  { bytes: '\x7fELF', what: `a program (ELF), ${PROGRAM}` },
  { bytes: '\xcf\xfa\xed\xfe', what: `a program (Mach-O), ${PROGRAM}` },
  { bytes: '\xce\xfa\xed\xfe', what: `a program (Mach-O), ${PROGRAM}` },
  {
    bytes: '\xca\xfe\xba\xbe',
    what: 'a program (Mach-O of several machines, or a class of Java), not a profile of it',
  },
  { bytes: 'MZ', what: `a program (PE), ${PROGRAM}` },
  { bytes: '\0asm', what: 'a program (WebAssembly), not a profile of it' },
  { bytes: '!<arch>\n', what: 'an archive of a linker, not a profile' },
  { bytes: 'PERFILE2', what: 'a recording of perf: give what perf script prints of it' },
  {
    bytes: 'FLR\0',
    what: "a recording of Java's Flight Recorder (JFR): convert it, with async-profiler's jfrconv -o collapsed for example",
  },
  {
    bytes: 'JAVA PROFILE 1.0.',
    what: 'a heap dump of Java (hprof): open it in Eclipse MAT or VisualVM; its objects are no profile',
  },
  {
    bytes: 'Nettrace',
    what: 'a recording of .NET (nettrace): convert it with dotnet-trace convert --format Speedscope',
  },
  {
    bytes: '\x04\x08{',
    what: "a dump of Ruby's stackprof (Marshal): give what stackprof --stackcollapse prints of it, recorded with raw: true",
  },
  { bytes: '\x04\x08[', what: 'data of Ruby (Marshal): no profile that is known' },
  {
    bytes: 'SQLite format 3\0',
    what: 'a database (SQLite), a recording of Nsight or of a trace processor perhaps: export it from there',
  },
  {
    bytes: 'memray\0',
    what: 'a recording of memray: give what memray transform speedscope makes of it',
  },
  { bytes: 'gmon', what: 'a profile of gprof (gmon.out): gprof reads it, with its program' },
  {
    bytes: 'bplist00',
    what: "a property list of Apple's, a part of a trace of Instruments perhaps: export it with xctrace",
  },
  { bytes: 'BC\xc0\xde', what: 'a program (LLVM bitcode), not a profile of it' },
  {
    bytes: 'go 1.',
    text: /^go 1\.\d{1,2} trace\0/,
    what: 'an execution trace of Go: go tool trace reads it, and makes profiles of it with -pprof',
  },
  ...['tr\xfdP', 'tlZ\x04', 'tZs\x04', 'tracy'].map((bytes) => ({
    bytes,
    what: 'a recording of Tracy: its profiler reads it, and tracy-csvexport makes tables of it',
  })),
  {
    at: 4,
    bytes: '!FastSerialization.1',
    what: 'a heap dump of .NET (gcdump): dotnet-gcdump report or PerfView reads it',
  },
  { bytes: 'MDMP', what: 'a memory dump of Windows (minidump), which debuggers read' },
  {
    at: 0x4b,
    bytes: '\xc0',
    isToo: isEtl,
    what: 'a recording of Event Tracing for Windows (ETL): open it in PerfView, which saves stacks for speedscope',
  },
  { bytes: 'SIMPLEPERF', what: 'a recording of simpleperf: give what its report_sample.py prints' },
  { bytes: 'SLOW', what: TRACE_OF_ANDROID },
  { bytes: '*version\n', what: TRACE_OF_ANDROID },
  { bytes: 'rbspy', what: 'raw data of rbspy: give what rbspy report -f collapsed makes of it' },
  {
    bytes: 'portable heap dump',
    at: 2,
    what: 'a heap dump of OpenJ9 (PHD): open it in Eclipse MAT; its objects are no profile',
  },
  {
    bytes: '\x80',
    text: /^\x80[\x02-\x05](?:\x95|[}\])(Xc])/,
    what: 'data of Python (pickle), which nobody should open that he does not trust: give what the tool that wrote it exports',
  },
  { bytes: 'PAR1', what: 'a table (Parquet), not a profile' },
  { bytes: 'ARROW1', what: 'a table (Arrow), not a profile' },
  { bytes: '\x89HDF', what: 'a table (HDF5), not a profile' },
  { bytes: 'adcg', what: 'counts of gcov (gcda): gcov reads them' },
  { bytes: 'oncg', what: 'notes of gcov (gcno): gcov reads them' },
  { bytes: '\xfflprofi\x81', what: "counts of LLVM's instrumentation: llvm-profdata reads them" },
  { bytes: '\x81iforpl\xff', what: "counts of LLVM's instrumentation: llvm-profdata reads them" },
  { bytes: '\xfflprofr\x81', what: "raw counts of LLVM's instrumentation: llvm-profdata reads them" },
  { bytes: '\x81rforpl\xff', what: "raw counts of LLVM's instrumentation: llvm-profdata reads them" },
  { bytes: 'PK\x03\x04', what: `a zip archive: ${UNPACK}` },
  { bytes: 'PK\x05\x06', what: 'an empty zip archive' },
  { bytes: '\x28\xb5\x2f\xfd', what: `packed with zstd: ${UNPACK}` },
  { bytes: '\xfd7zXZ', what: `packed with xz: ${UNPACK}` },
  { bytes: 'BZh', what: `packed with bzip2: ${UNPACK}` },
  { bytes: '7z\xbc\xaf\x27\x1c', what: `an archive of 7-Zip: ${UNPACK}` },
  { bytes: 'Rar!\x1a\x07', what: `an archive of RAR: ${UNPACK}` },
  { bytes: '\x04\x22\x4d\x18', what: `packed with lz4: ${UNPACK}` },
  { bytes: '\x1f\x9d', what: `packed with compress: ${UNPACK}` },
  { at: 257, bytes: 'ustar', what: `a tar archive: ${UNPACK}` },
  { bytes: '%PDF-', what: 'a document (PDF), not a profile' },
  { bytes: '\x89PNG\r\n', what: 'a picture (PNG), not a profile' },
  { bytes: '\xff\xd8\xff', what: 'a picture (JPEG), not a profile' },
  { bytes: 'GIF8', what: 'a picture (GIF), not a profile' },
];

function stands(bytes: Uint8Array, wanted: string, at: number): boolean {
  return [...wanted].every((character, i) => bytes[at + i] === character.charCodeAt(0));
}

/** The first bytes, each as the character of its code. */
function latin1(bytes: Uint8Array): string {
  return String.fromCharCode(...bytes.subarray(0, 32));
}

/** What the bytes are, as the middle of a sentence; null where their beginning says nothing. */
export function describeSignature(bytes: Uint8Array): string | null {
  const found = signatures.find(
    ({ at = 0, bytes: wanted, behind = '', text, isToo }) =>
      stands(bytes, wanted, at) &&
      stands(bytes, behind, 0) &&
      text?.test(latin1(bytes)) !== false &&
      isToo?.(bytes) !== false,
  );
  return found === undefined ? null : `the file is ${found.what}`;
}

/** A kind of text, by how it begins (its first 4 KiB). */
interface TextSignature {
  readonly begins: RegExp;
  readonly what: string;
}

const texts: readonly TextSignature[] = [
  {
    begins: /^<\?xml[^>]*>\s*<trace-query-result/,
    what: 'what xctrace exports of a trace of Instruments stands there: its stacks are not read from it; record with samply or copy the call tree',
  },
  {
    begins: /^<\?xml[^>]*>\s*(?:<!DOCTYPE[^>]*>\s*)?<(?:svg|\w+:svg)|^<svg[\s>]/,
    what: 'a picture (SVG) stands there, a flame graph perhaps: give the stacks that it was made of',
  },
  { begins: /^<\?xml\b/, what: 'a document in XML stands there, not a profile' },
  {
    begins: /^Running Time\b|^Weight\tSelf Weight|^Samples?\tSelf/,
    what: "a call tree copied from Instruments stands there, which is not read: convert it with a tool that does, speedscope's export for example",
  },
  {
    begins: /^(?:Sampling process \d+|Analysis of sampling )/,
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
    begins: /^# To display the perf\.data header info|^# Overhead\b|^# Total Lost Samples: /m,
    what: 'what perf report prints stands there: give what perf script prints',
  },
  {
    begins: /^(?:File: .*\n)?(?:Build ID: .*\n)?(?:Type: .*\n)(?:[^\n]*\n){0,6}\s*flat\s+flat%/,
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
    begins: /^@\w*\[\n/,
    what: 'what bpftrace prints stands there: collapse it first, with stackcollapse-bpftrace.pl for example',
  },
  {
    begins: /^\s*\S+`\S+\n(?:\s*\S+`\S+\n)*\s*\d+\n/,
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
    begins: /^Version: \d[\d.]*\nFile format: \d+\nTRACE START/,
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
    begins: /^version https:\/\/git-lfs/,
    what: 'a pointer of Git LFS stands there: fetch the file itself with git lfs pull',
  },
];

/** What a text is, as the middle of a sentence; null where its beginning says nothing. */
export function describeText(head: string): string | null {
  const text = head.replace(/^\ufeff?\s*/u, '').replaceAll('\r\n', '\n');
  return texts.find(({ begins }) => begins.test(text))?.what ?? null;
}
