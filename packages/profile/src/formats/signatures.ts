// What the first bytes of binary files say that are no profiles, and what to do with such a file.

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

/** The two bytes in front of zlib's data are a multiple of 31, and name one of four levels. */
function isZlib(bytes: Uint8Array): boolean {
  return [0x01, 0x5e, 0x9c, 0xda].includes(bytes[1] ?? 0);
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
  ...['PERFILE2', '2ELIFREP', 'PERFFILE'].map((bytes) => ({
    bytes,
    what: 'a recording of perf: give what perf script prints of it',
  })),
  {
    bytes: '\x17\x08\x44tracing',
    what: 'a recording of trace-cmd: it holds events and no stacks that are read; record stacks with perf, and give what perf script prints',
  },
  {
    bytes: 'FLR\0',
    what: "a recording of Java's Flight Recorder (JFR): convert it, with async-profiler's jfrconv -o collapsed for example",
  },
  {
    bytes: 'JAVA PROFILE 1.0.',
    text: /^JAVA PROFILE 1\.0\.\d, /,
    what: "what Java's old agent hprof prints: async-profiler records stacks that are read (-o collapsed)",
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
  {
    bytes: 'NYTProf ',
    what: 'a recording of Devel::NYTProf: give the stacks that its nytprofcalls makes of it',
  },
  { bytes: 'hdrb', what: 'an event log of GHC: eventlog2html and ThreadScope read it' },
  { bytes: 'TRC2', what: 'a trace of Unreal (utrace): Unreal Insights reads it' },
  { bytes: '\0cvm', what: "data of Go's test coverage: go tool covdata reads them" },
  { bytes: '\0cwm', what: "data of Go's test coverage: go tool covdata reads them" },
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
  { bytes: 'x', isToo: isZlib, what: `packed with zlib: ${UNPACK}` },
  {
    bytes: '\0',
    isToo: (bytes) => bytes.every((byte) => byte === 0),
    what: 'nothing but zeros: a copy that failed, perhaps',
  },
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
