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
