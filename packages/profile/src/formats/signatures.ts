// What the first bytes of files say that are no profiles, and what to do with such a file.

/** A kind of file, by bytes that stand at one place in it. */
interface Signature {
  readonly at?: number;
  /** Characters stand for the bytes of their codes. */
  readonly bytes: string;
  /** Continues "the file is …". */
  readonly what: string;
}

const PROGRAM = 'not a profile of it: give it in front of the profile';
const UNPACK = 'unpack it first';

const signatures: readonly Signature[] = [
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
    what: "a dump of Ruby's stackprof (Marshal): give what stackprof --d3-flamegraph or --json makes of it, or record with vernier",
  },
  { bytes: '\x04\x08[', what: 'data of Ruby (Marshal): no profile that is known' },
  {
    bytes: 'SQLite format 3\0',
    what: 'a database (SQLite), a recording of Nsight or of a trace processor perhaps: export it from there',
  },
  {
    bytes: 'memray\0',
    what: 'a recording of memray: give what memray transform speedscope or memray transform gprof2dot makes of it',
  },
  { bytes: 'gmon', what: 'a profile of gprof (gmon.out): gprof reads it, with its program' },
  {
    bytes: 'bplist00',
    what: "a property list of Apple's, a part of a trace of Instruments perhaps: export it with xctrace",
  },
  { bytes: 'BC\xc0\xde', what: 'a program (LLVM bitcode), not a profile of it' },
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

/** What the bytes are, as the middle of a sentence; null where their beginning says nothing. */
export function describeSignature(bytes: Uint8Array): string | null {
  const found = signatures.find(({ at = 0, bytes: wanted }) =>
    [...wanted].every((character, i) => bytes[at + i] === character.charCodeAt(0)),
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
    what: 'a recording of heaptrack stands there: give what heaptrack_print -F prints of it',
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
    begins: /^version https:\/\/git-lfs/,
    what: 'a pointer of Git LFS stands there: fetch the file itself with git lfs pull',
  },
];

/** What a text is, as the middle of a sentence; null where its beginning says nothing. */
export function describeText(head: string): string | null {
  const text = head.replace(/^\ufeff?\s*/u, '').replaceAll('\r\n', '\n');
  return texts.find(({ begins }) => begins.test(text))?.what ?? null;
}
