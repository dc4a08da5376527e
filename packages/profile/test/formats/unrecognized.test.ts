// Files that are no profile: each kind has a sentence of its own.
import assert from 'node:assert/strict';
import test from 'node:test';
import { encodeProfile, ProfileError, readPlainProfile } from '../../src/index.ts';
import { read, refused } from './support.ts';

const text = (value: string): Uint8Array => new TextEncoder().encode(value);

test('pages, messages, programs and archives', () => {
  const login = '<!DOCTYPE html>\n<html><head><title> Sign\n in </title></head></html>';
  refused(
    login,
    'PROFILE_UNRECOGNIZED',
    /^unrecognized: a web page stands there, "Sign in", not a profile: a login or an error, perhaps$/,
  );
  refused('<html></html>', 'PROFILE_UNRECOGNIZED', /^unrecognized: a web page stands there, not a profile/);
  refused(
    { code: 401, error: 'log in first' },
    'PROFILE_UNRECOGNIZED',
    /^unrecognized: JSON that says "log in first" stands there, not a profile$/,
  );
  refused(
    { status: 'ok', data: [] },
    'PROFILE_UNRECOGNIZED',
    /^unrecognized: JSON of no known profile format stands there, with "status", "data"$/,
  );
  refused(
    '404 page not found\n',
    'PROFILE_UNRECOGNIZED',
    /^unrecognized: an error message stands there, "404 page not found", not a profile$/,
  );
  refused(
    text('\x7fELF\x02\x01\x01'),
    'PROFILE_UNRECOGNIZED',
    /^unrecognized: the file is a program \(ELF\), not a profile of it/,
  );
  refused(
    Uint8Array.of(0x28, 0xb5, 0x2f, 0xfd, 1, 2),
    'PROFILE_UNRECOGNIZED',
    /^unrecognized: the file is packed with zstd: unpack it first$/,
  );
  refused(
    text('PERFILE2\0\0'),
    'PROFILE_UNRECOGNIZED',
    /a recording of perf: give what perf script prints of it$/,
  );
  refused(
    'dear diary\n',
    'PROFILE_UNRECOGNIZED',
    /^unrecognized: the text that starts at byte 0 with "dear diary" is in no known profile format$/,
  );
  refused(new Uint8Array(0), 'PROFILE_EMPTY', /^empty: the profile has no bytes$/);
});

/** As below: what the same tools print for people, kinds beside those that are read, and containers. */
const others: readonly (readonly [name: string, begins: Uint8Array | string | object, says: RegExp])[] = [
  [
    'perf report, without its head',
    '    99.00%  a        a      [.] work\n   |\n',
    /what perf report prints/,
  ],
  ['perf annotate', ' Percent |\tSource code & Disassembly of a\n', /what perf annotate prints/],
  [
    'perf stat',
    "\n Performance counter stats for './a':\n",
    /perf stat prints stands there: it holds counts/,
  ],
  ['perf sched', '   time    cpu  task name    wait time\n', /what perf sched prints/],
  ['perf trace', '     0.000 ( 0.012 ms): sh/77 read(fd: 3) = 832\n', /what perf trace prints/],
  ['perf script -D', '0x218 [0x70]: PERF_RECORD_MMAP2 77/77\n', /without -D$/],
  ['perf data', { 'linux-perf-json-version': 1, samples: [] }, /what perf data convert --to-json writes/],
  ['perf, the other order of bytes', '2ELIFREP', /a recording of perf/],
  ['bpftrace from its first word', 'Attaching 1 probe...\n\n@[\n  main+18\n]: 12\n', /what bpftrace prints/],
  ['bpftrace by key', '@stacks[bash]: 4\n', /what bpftrace prints/],
  ['bcc', 'Sampling at 49 Hertz of all threads by user + kernel stack...\n', /run the tool with -f/],
  [
    'dtrace with its head',
    'CPU     ID                    FUNCTION:NAME\n  0  64091   :tick-60s \n',
    /what dtrace prints/,
  ],
  ['pmcstat', '@ inst_retired.any [35705 samples]\n', /what pmcstat prints/],
  ['spindump', 'Date/Time:  2026-11-30\nCommand:   a\nSteps:     100\n', /spindump/],
  [
    'Instruments, allocations',
    'Bytes Used\tCount\t\tSymbol Name\n  1.20 MB  100.0%\t12\t \ta\n',
    /copied from Instruments/,
  ],
  ['VTune', 'Function Stack,CPU Time:Self,Module\nmain,0.1s,a\n', /a table of VTune/],
  ['Visual Studio', 'Level,Function Name,Number of Calls\n1,a.exe,0\n', /a call tree of Visual Studio/],
  ['hprof of old', 'JAVA PROFILE 1.0.1, created Mon Nov 30\n', /what Java's old agent hprof prints/],
  ['async-profiler, for people', '--- Execution profile ---\nTotal samples : 5\n', /-o collapsed$/],
  [
    'a flame graph as a page',
    '<!DOCTYPE html>\n<html><body><h1>CPU profile</h1>',
    /a flame graph stands there as a page/,
  ],
  ['the index of pprof', '<html><head><title>/debug/pprof/</title>', /the index of pprof's endpoints/],
  ['dot', 'digraph "a" {\n', /a graph for dot/],
  ['pprof -raw', 'PeriodType: cpu nanoseconds\nPeriod: 1\n', /what pprof -raw prints/],
  ['pprof -traces', 'File: a\nType: cpu\nTime: x\n-----------+-------\n', /a report of pprof/],
  ['Xdebug, for people', 'TRACE START [2026-11-30 10:00:00.000000]\n', /a trace of Xdebug's functions/],
  ['callgrind without its head', 'fn=main\n1 10\n', /without the line that names their events/],
  ['py-spy dump', 'Process 77: python x.py\nPython v3.11.2 (/usr/bin/python3.11)\n', /py-spy record -f raw$/],
  ['GHC', '\tMon Nov 30 10:00 2026 Time and Allocation Profiling Report  (Final)\n', /a profile of GHC/],
  [
    'GHC, JSON',
    { program: 'a', tick_interval: 1, cost_centres: [], profile: {} },
    /a profile of GHC in JSON/,
  ],
  ['R', 'sample.interval=20000\n"f" "g" \n', /R's Rprof/],
  ['NYTProf', 'NYTProf 5 0\n', /Devel::NYTProf/],
  ['stackprof, for people', '=====\n  Mode: cpu(1000)\n', /a report of Ruby's stackprof/],
  [
    'the log of V8, processed',
    'Statistical profiling result from isolate-0x1-v8.log, (3 ticks)\n',
    /node --prof-process prints/,
  ],
  ['the log of V8, as JSON', { code: [], functions: [], ticks: [], scripts: [] }, /--preprocess prints/],
  ['Safari', { version: 1, recording: {}, overview: {} }, /Safari's timelines/],
  [
    'Sentry',
    { version: '1', device: {}, profile: { samples: [] }, transaction: {} },
    /a profile of Sentry's/,
  ],
  ['coverage of Chrome', [{ url: 'a.js', ranges: [] }], /coverage of Chrome's/],
  ['a profile without nodes', { nodes: [], startTime: 1, endTime: 2, samples: [] }, /nothing was recorded$/],
  ['a list of profiles', [{ nodes: [{ id: 1 }] }], /give each as a file of its own$/],
  ['JSON twice', JSON.stringify(JSON.stringify({ nodes: [] })), /it was written as JSON twice$/],
  [
    'JSON behind a word',
    'Debugger attached.\n{"nodes":[]}',
    /^unrecognized: JSON begins at byte 19 there, behind "Debugger attached\."/,
  ],
  ['JSON in a call', 'callback({"nodes":[]});', /JSON begins at byte 9 there, behind "callback\("/],
  [
    'stacks without counts',
    'main;a;b\nmain;a;c\n',
    /none ends in a blank and a count as folded stacks do: the first is "main;a;b"$/,
  ],
  ['counts in front', '     38 main;work\n      2 main;idle\n', /none ends in a blank and a count/],
  ['counts with commas', 'main;work 38,25\nmain;rest 0,5\n', /none ends in a blank and a count/],
  [
    'a table',
    'name,self,total\nmain,1,2\n',
    /a table stands there, not a profile: its first row is "name,self,total"$/,
  ],
  ['base64', 'H4sIAAAAAAAAA8tNzMyzLs8vysktUjA25krNzUzJ\n', /decode it first/],
  ['zlib', Uint8Array.of(0x78, 0x9c, 0xcb, 0x4d, 0xcc, 0xcc), /packed with zlib/],
  ['zeros', new Uint8Array(100), /nothing but zeros/],
];

/** Kinds of files, how they begin (a value stands for its JSON), and what is said of them. */
const foreign: readonly (readonly [name: string, begins: Uint8Array | string | object, says: RegExp])[] = [
  ['an execution trace of Go', 'go 1.22 trace\0\0\0\x01', /an execution trace of Go: go tool trace reads it/],
  ['Tracy', Uint8Array.of(0x74, 0x72, 0xfd, 0x50, 1, 1), /a recording of Tracy/],
  ['a core', text(`\x7fELF${'\x02\x01\x01'.padEnd(12, '\0')}\x04\0`), /a memory dump of a process \(core\)/],
  ['a minidump', 'MDMP\x13\x14', /a memory dump of Windows/],
  ['.NET', Uint8Array.of(20, 0, 0, 0, ...text('!FastSerialization.1')), /a heap dump of \.NET \(gcdump\)/],
  ['ETL', etl(), /Event Tracing for Windows \(ETL\)/],
  [
    'Perfetto',
    Uint8Array.of(10, 2, 8, 1, 10, 4, 8, 1, 16, 3),
    /a trace of Perfetto perhaps: export it as JSON/,
  ],
  ['simpleperf', 'SIMPLEPERF\x01\0', /a recording of simpleperf/],
  ['methods of Android', '*version\n3\n', /a trace of Android's methods/],
  ['rbspy', 'rbspy02\n\x1f', /raw data of rbspy/],
  ['pickle', Uint8Array.of(0x80, 4, 0x95, 7), /data of Python \(pickle\)/],
  ['gcov', 'adcg*33B', /counts of gcov/],
  ['ftrace', '# tracer: nop\n#\n', /ftrace stands there/],
  ['bpftrace', '@[\n    read+12\n]: 3\n', /what bpftrace prints/],
  ['dtrace', '\n   libc.so.1`read+0xa\n   a.out`main\n     5\n', /what dtrace prints/],
  ['gdb', '#0  0x00007f in poll () from /lib/libc.so\n', /stacks of a debugger/],
  ['phpspy', '0 usleep <internal>:-1\n1 a /x.php:3\n', /what phpspy prints/],
  ['XHProf', { 'main()': { ct: 1 } }, /a recording of XHProf/],
  ['ruby-prof', 'Measure Mode: wall_time\nThread ID: 7\n', /ruby-prof/],
  [
    'Pyroscope',
    { version: 1, flamebearer: {} },
    /a flame graph of Pyroscope stands there, which is not read: ask/,
  ],
  ['d3', { name: 'a', value: 3, children: [] }, /a tree for d3-flame-graph/],
  ['stackprof', Uint8Array.of(4, 8, 0x7b, 13), /give what stackprof --stackcollapse prints/],
  ...others,
  ['pyinstrument', { start_time: 1, sample_count: 1, root_frame: {} }, /pyinstrument -r speedscope/],
];

/** A buffer of 64 KiB with the header of the system's event. */
function etl(): Uint8Array {
  const bytes = new Uint8Array(0x60);
  bytes[2] = 1;
  bytes[0x4a] = 2;
  bytes[0x4b] = 0xc0;
  return bytes;
}

for (const [name, begins, says] of foreign) {
  test(`it says what a file is instead, and what to do: ${name}`, () => {
    refused(begins, 'PROFILE_UNRECOGNIZED', says);
    assert.throws(
      () => read(begins),
      (error) => error instanceof ProfileError && error.isForeign && error.pprofMessage !== undefined,
    );
  });
}

test('blanks alone are an empty profile, and blanks in front are not what a text begins with', () => {
  refused('\n \n', 'PROFILE_EMPTY', /^empty: nothing but blanks stands there$/);
  refused('\n\n  dear diary\n', 'PROFILE_UNRECOGNIZED', /the text that starts at byte 4 with "dear diary"/);
});

test('documents of JSON behind one another are told', () => {
  refused(
    '{"id":1,"a":{}}\n{"id":2}\n',
    'PROFILE_UNRECOGNIZED',
    /^unrecognized: several documents in JSON stand there, one behind the other, with "id", "a": give the one/,
  );
});

test('two profiles in one file are told apart from a broken one', () => {
  const one = encodeProfile(read('main;work 1\nmain 2\n'));
  const two = new Uint8Array(one.length * 2);
  two.set(one);
  two.set(one, one.length);
  refused(
    two,
    'PROFILE_CONCATENATED',
    /^concatenated profiles: a second profile begins before byte \d+; give each as a file of its own$/,
  );
  assert.throws(
    () => readPlainProfile(two),
    (error) => error instanceof ProfileError && (error.pprofMessage ?? '').startsWith('malformed profile:'),
  );
});

test('a message stays a sentence, however long the word that is wrong', () => {
  const long = `heap profile: 1: 1 [1: 1] @ heapprofile\n${'9'.repeat(30_000)}: 1 [1: 1] @ 0x1\n`;
  assert.throws(
    () => readPlainProfile(text(long)),
    (error) => {
      assert.ok(error instanceof ProfileError, String(error));
      assert.ok(error.message.length < 1000, `${error.message.length}`);
      assert.ok((error.pprofMessage ?? '').length > 30_000, 'word for word');
      return true;
    },
  );
});
