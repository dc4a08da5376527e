// perf script: all shapes of headers and frames, labels, events, and what is refused.
import assert from 'node:assert/strict';
import test from 'node:test';
import { stackLines } from '../support/stacks.ts';
import { read, readWithNotes, refused } from './support.ts';

test('frames: offsets, unknown symbols, the kernel, compiled scripts, names with anything in them', () => {
  const text = [
    '# captured on: today',
    'node  4242/4243 [003]  1928.896111:    2004008 cpu-clock:pppH: ',
    '\tffffffff815edd4a __handle_mm_fault+0x2ea ([kernel.kallsyms])',
    '\t            df90 std::map<int, int>::at(int const&)+0x370 (/usr/lib/lib c++.so)',
    '\t    7f420f801046 JS:*spin /srv/shop/busy.js:2:14+0x286 (/tmp/perf-9963.map)',
    '\t    7f420f8007d4 JS:~ file:///srv/shop/busy.js:1:1+0xd4 (/tmp/perf-9963.map)',
    '\t            1234 [unknown] (/srv/shop/node (deleted))',
    '\t 4d7c6d005c75dff [unknown] ([unknown])',
    '',
  ].join('\n');
  const made = read(text);
  assert.deepEqual(made.sampleTypes, [
    { type: 'samples', unit: 'count' },
    { type: 'cpu', unit: 'nanoseconds' },
  ]);
  assert.equal(made.defaultSampleType, 'cpu');
  assert.deepEqual(stackLines(made), [
    '0x4d7c6d005c75dff > 0x1234 in /srv/shop/node (deleted) > (anonymous) /srv/shop/busy.js:1 > spin /srv/shop/busy.js:2 > ' +
      'std::map<int, int>::at(int const&) > __handle_mm_fault : 1 2004008 comm=node pid=#4242 tid=#4243',
  ]);
});

test('headers: threads with blanks, without period, time or CPU; equal stacks are joined', () => {
  const stack = '\n\t  10 work+0x1 (/bin/a)\n\t  20 main (/bin/a)\n\n';
  const headers = [
    'Web Content 12 99 [001] 10.5: 7 cycles:u:',
    'Web Content 12 99 [001] 10.75: 3 cycles:u:',
    '            node 99 11.000000: cycles:',
    'node 99 cycles:',
    'node 99 4 sched:sched_switch: prev_comm=node prev_pid=1',
  ];
  const made = read(headers.map((header) => header + stack).join(''));
  assert.deepEqual(
    made.sampleTypes.map(({ type }) => type),
    ['samples', 'cycles', 'sched:sched_switch'],
  );
  assert.deepEqual(stackLines(made), [
    'main > work : 2 10 0 comm=Web Content 12 tid=#99',
    'main > work : 2 0 0 comm=node tid=#99',
    'main > work : 1 0 4 comm=node tid=#99',
  ]);
  assert.equal(made.durationNanos, 500_000_000n);
});

test('without stacks each line is a sample; frames may have no address, no binary, or their source', () => {
  const flat =
    '            node  4242  1928.1:   5 cycles:  ffff work+0x2 (/bin/a)\n            node  4242  1928.2:   6 cycles:  fffe [unknown] (/bin/a)\n';
  assert.deepEqual(stackLines(read(flat)), [
    'work : 1 5 comm=node tid=#4242',
    '0xfffe in /bin/a : 1 6 comm=node tid=#4242',
  ]);
  const bare = 'node 4242 1928.1: 5 cycles:\n\tf(int)\n\tmain\n';
  assert.deepEqual(stackLines(read(bare)), ['main > f(int) : 1 5 comm=node tid=#4242']);
  const source =
    'node 4242 1928.1: 5 cycles:\n\t  10 work (/bin/a)\n  work.c:12\n\t  20 main (inlined)\n  main.c:3\n';
  assert.deepEqual(stackLines(read(source)), ['main main.c:3 > work work.c:12 : 1 5 comm=node tid=#4242']);
});

test('the program is the first mapping, so that a report is headed by it', () => {
  const text =
    'a 1 1.1: 5 cycles:\n\t 1 k ([kernel.kallsyms])\n\t 2 l (/lib/libc.so.6)\n\t 3 m (/srv/shop/node)\n';
  const { mappings, strings } = read(text);
  assert.equal(strings.get(mappings.filename[0] as number), '/srv/shop/node');
});

test('what is no sample is passed over, with the line; what is beyond all bounds is refused', () => {
  const sample = 'node 4242 1928.1: 5 cycles:\n\t  10 work (/bin/a)\n\n';
  const { made, notes } = readWithNotes(`${sample}what is this\n\n\t  20 lost (/bin/a)\n${sample}`);
  assert.deepEqual(stackLines(made), ['work : 2 10 comm=node tid=#4242']);
  assert.deepEqual(notes, ['passed over 2 lines, the first: line 4: "what is this"']);
  const large = 'node 4242 1928.1: 999999999999999999 cycles:\n\t  10 work (/bin/a)\n\n';
  refused(large, 'PROFILE_MALFORMED', /brings the periods of all samples beyond 2\^53$/);
  const kinds = Array.from({ length: 70 }, (_, i) => sample.replace('cycles', `event${i}`)).join('');
  refused(kinds, 'PROFILE_MALFORMED', /names more than 64 kinds of events$/);
});

test('without periods there is no time: samples are what is counted', () => {
  const stack = '\t  10 work (/bin/a)\n\n';
  const made = read(`python3 7/8  3879.49: cpu-clock: \n${stack}python3 7/8  3879.99: cpu-clock: \n${stack}`);
  assert.deepEqual(made.sampleTypes, [{ type: 'samples', unit: 'count' }]);
  assert.deepEqual(stackLines(made), ['work : 2 comm=python3 pid=#7 tid=#8']);
  assert.equal(made.durationNanos, 500_000_000n);
  // Events are told apart by a label where there are several.
  const several = read(`a 7/8 1.1: cycles: \n${stack}a 7/8 1.2: faults: \n${stack}`);
  assert.deepEqual(stackLines(several), [
    'work : 1 comm=a pid=#7 tid=#8 event=cycles',
    'work : 1 comm=a pid=#7 tid=#8 event=faults',
  ]);
});

test('any field may be left out', () => {
  const stack = '\n\t  10 work+0x1 (/bin/a)\n\t  20 main (/bin/a)\n\n';
  const cases: readonly (readonly [string, string])[] = [
    ['python3 23129/23129  3879.493539: ', 'comm=python3 pid=#23129 tid=#23129'],
    ['python3 23129/23130 ', 'comm=python3 pid=#23129 tid=#23130'],
    ['python3 23130 [001] ', 'comm=python3 tid=#23130'],
    ['python3 ', 'comm=python3'],
    ['Web Content ', 'comm=Web Content'],
    ['23129/23130 ', 'pid=#23129 tid=#23130'],
    [' 23130  3879.493539: ', 'tid=#23130'],
    ['  3879.493539: ', ''],
    ['  3879.493539:   cycles: ', ''],
    ['python3  3879.493539: cycles: ', 'comm=python3'],
    ['python3 [002] 3879.493539: ', 'comm=python3'],
    ['swapper     0 [000]  3879.493539: cycles: ', 'comm=swapper tid=0'],
    ['swapper 0/0 [000]  3879.493539123: cycles: ', 'comm=swapper pid=0 tid=0'],
    [':-1 -1/-1 [000]  3879.493539: cycles: ', 'comm=:-1'],
    ['kworker/0:1-ev 77/77 [000]  3879.493539: cycles: ', 'comm=kworker/0:1-ev pid=#77 tid=#77'],
    ['1.5: odd (name) 7/8 [000]  3879.493539: cycles: ', 'comm=1.5: odd (name) pid=#7 tid=#8'],
  ];
  for (const [header, labels] of cases) {
    const { made, notes } = readWithNotes(`${header}${stack}${header}${stack}`);
    assert.deepEqual(stackLines(made), [`main > work : 2${labels === '' ? '' : ` ${labels}`}`], header);
    assert.deepEqual(notes, [], header);
  }
  // Nothing but frames.
  assert.deepEqual(stackLines(read(`${stack.slice(1)}${stack.slice(1)}`)), ['main > work : 2']);
  // A period without an event.
  assert.deepEqual(read(`a 7/8 1.5:  250000 ${stack}`).sampleTypes[1], { type: 'events', unit: 'count' });
});

test('frames may be indented by blanks or not at all, lack an address, a symbol or a binary, or have more', () => {
  const header = 'node    77 [001]  5070.223456: 10101010 cpu-clock:pppH: \n';
  const lines = [
    '            401b97 main+0x1f (/srv/my app)',
    '401b97 main+0x1f (/srv/my app)',
    '\t401b97 main+0x1f (/srv/my app+0x1b97)',
    '\tmain+0x1f (/srv/my app)',
    '\t            401b97 main+0x1f',
    '\tmain',
  ];
  for (const line of lines)
    assert.deepEqual(
      stackLines(read(`${header}${line}\n\n${header}${line}\n`)),
      ['main : 2 20202020 comm=node tid=#77'],
      line,
    );
  assert.deepEqual(stackLines(read(`${header}\t401b97 (/srv/my app)\n`)), [
    '0x401b97 in /srv/my app : 1 10101010 comm=node tid=#77',
  ]);
  assert.deepEqual(
    stackLines(read(`${header}\t401b97 outer (inlined)\n\t401b97 <A as B>::c+0x1 (/srv/a)\n`)),
    ['<A as B>::c > outer : 1 10101010 comm=node tid=#77'],
  );
});

test('blank lines, remarks, warnings, records and what perf says at the end are no samples', () => {
  const sample = 'node 77 [001]  5070.5: 10 cycles: \n\n\t 10 main (/srv/app)\n\n\n';
  const text = [
    `# ========\n${'# sibling sockets : 0-1, and much more\n'.repeat(300)}#\n`,
    'Warning:\nProcessed 12 events and lost 1 chunks!\n\n',
    'swapper     0     0.000000: PERF_RECORD_COMM: perf-exec:23129/23129\n',
    sample,
    'node 77 5070.6: PERF_RECORD_MMAP2 77/77: [0x56(0x6000) @ 0x2000 fe:00 24 0]: r-xp /usr/bin/env\n',
    'node 77/77 [000] 5070.6: PERF_RECORD_FORK(78:78):(77:77)\n',
    'node 77 PERF_RECORD_SWITCH OUT\n',
    sample,
    '[ perf record: Woken up 1 times to write data ]\n',
  ].join('');
  const { made, notes } = readWithNotes(text);
  assert.deepEqual(
    made.sampleTypes.map(({ type }) => type),
    ['samples', 'cycles'],
  );
  assert.deepEqual(stackLines(made), ['main : 2 20 comm=node tid=#77']);
  assert.deepEqual(notes, ['passed over 3 lines, the first: line 303: "Warning:"']);
  const records = readWithNotes('bash 9  3.5: PERF_RECORD_EXIT(9:9):(8:8)\n'.repeat(40));
  assert.equal(records.made.samples.length, 0);
  assert.match(
    records.notes[0] ?? '',
    /^passed over 40 records of perf, the first: line 1: "bash 9 3\.5: PERF_RECORD_EXIT/,
  );
  // A complaint of addr2line's in the middle of a stack ends no sample.
  const within = readWithNotes(
    'node 77 5070.5: 10 cycles: \n\t 10 work (/srv/app)\naddr2line: no symbols\n\t 20 main (/srv/app)\n',
  );
  assert.deepEqual(stackLines(within.made), ['main > work : 1 10 comm=node tid=#77']);
  assert.deepEqual(within.notes, ['passed over 1 line: line 3: "addr2line: no symbols"']);
  // A sample whose stack could not be walked counts.
  assert.deepEqual(stackLines(read(`node 77 5070.5: 10 cycles: \n\n${sample}`)), [
    ' : 1 10 comm=node tid=#77',
    'main : 1 10 comm=node tid=#77',
  ]);
});

test("an old profile of Java's whose head is damaged is none of perf's, though its addresses look like frames", () => {
  refused(
    ' -- heapz 1 ---\nformat = java\nresolution = bytes\n\n  0x400010 com.shop.Cart.add (Cart.java:8)\n',
    'PROFILE_UNRECOGNIZED',
    /no known profile format/u,
  );
});

test('an address and a name only, or an address: frames stand in the column of perf', () => {
  const frames = '\t            1159 outer\n\t           2724a main\n\n';
  const of = (header: string): string[] => stackLines(read((header + frames).repeat(2)));
  assert.deepEqual(of('\n'), ['main > outer : 2']);
  assert.deepEqual(of('busy \n'), ['main > outer : 2 comm=busy']);
  assert.deepEqual(of('busy 15686 \n'), ['main > outer : 2 comm=busy tid=#15686']);
  assert.deepEqual(of('cpu-clock: \n'), ['main > outer : 2']);
  assert.deepEqual(of('busy cpu-clock: \n'), ['main > outer : 2 comm=busy']);
  assert.deepEqual(of('busy    5025125 cpu-clock: \n'), ['main > outer : 2 10050250 comm=busy']);
  const addresses = 'busy \n\t            1159\n\t           2724a\n\n';
  assert.deepEqual(stackLines(read(addresses)), ['0x2724a > 0x1159 : 1 comm=busy']);
  assert.deepEqual(stackLines(read('busy \n\t7f00 outer\n\t7f10 main\n')), ['main > outer : 1 comm=busy']);
});

test('lines below a frame that are no frames: places that are none, instructions, what memory answered', () => {
  const text = [
    'busy 7 1.5:   5 cpu-clock: ',
    '\t            1159 outer+0x20 (/bin/busy)',
    '  busy.c:2',
    '\t            2000 libcall (/bin/busy)',
    '  busy[2000]',
    '\t            3000 start (/bin/busy)',
    '  ??:0',
    ' insn: 01 c2',
    '',
    'busy 7 1.6:  1  cpu/mem-loads/P:  7f1234 |OP LOAD|LVL L1 hit|TLB (N/A)',
    '\t            1159 outer+0x20 (/bin/busy)',
    '',
  ].join('\n');
  assert.deepEqual(stackLines(read(text)), [
    'start > libcall > outer busy.c:2 : 1 5 0 comm=busy tid=#7',
    'outer : 1 0 1 comm=busy tid=#7',
  ]);
});

test('what perf record --off-cpu counts is time', () => {
  const made = read('busy 7 1.5:   1500 offcpu-time: \n\t            1159 outer (/bin/busy)\n');
  assert.deepEqual(made.sampleTypes[1], { type: 'offcpu-time', unit: 'nanoseconds' });
});

test('what was copied from a terminal has blanks for tabs: frames still stand in their column', () => {
  const frame = (hex: string, name: string): string => `${' '.repeat(8)}${hex.padStart(16)} ${name}\n`;
  const stacks = `${frame('ffffffff81', 'native_halt')}${frame('ffffffff82', 'idle')}\n${frame('7f00', 'work')}\n`;
  for (const text of [stacks, `swapper \n${stacks}`]) {
    const made = read(text);
    assert.deepEqual([made.samples.length, made.functions.length], [2, 3]);
  }
});

test('accesses to memory: what they found and what they weigh is no frame, and where they went is none', () => {
  const found = '5080021 |OP LOAD|LVL L1 hit|SNP None|TLB L1 or L2 hit|LCK No|BLK  N/A           ';
  const head = 'a 77 [001] 12.44:  1000 cpu/mem-loads,ldlat=30/P: ';
  const names = (text: string): string[] => {
    const { functions, strings, samples } = read(text);
    assert.equal(samples.length, 1);
    return Array.from(functions.name, (row) => strings.get(row));
  };
  assert.deepEqual(names(`${head} ffff8800 ${found} 23\n\t            7f00 work (/bin/a)\n\n`), ['work']);
  assert.deepEqual(names(`${head} 7ffe1000 ${found} 23  55d0 work+0x3 (/bin/a)\n`), ['work']);
  assert.deepEqual(names(`${head} 7ffe1000 ${found} 55d0 work+0x3 (/bin/a)\n`), ['work']);
  assert.deepEqual(names(`a 77 [001] 12.44:  1000 faults:   7fff1234     55d0 work+0x3 (/bin/a)\n`), [
    'work',
  ]);
  assert.deepEqual(names(`a 77 [001] 12.44:  1000 cycles:   55d0 add (/bin/a)\n`), ['add']);
});

test("a tree that macOS' sample prints is none of perf's, though its lines look like frames", () => {
  refused(
    'Analysis of sampling a (pid 77) every 1 millisecond\nCall graph:\n    2700 Thread_1   DispatchQueue_1: com.apple.main-thread  (serial)\n    + 2700 start  (in dyld) + 2432  [0x1]\n',
    'PROFILE_UNRECOGNIZED',
    /what macOS' sample prints stands there: collapse it first/,
  );
});
