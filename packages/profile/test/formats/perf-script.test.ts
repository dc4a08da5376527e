// perf script: all shapes of headers and frames, labels, events, and what is refused.
import assert from 'node:assert/strict';
import test from 'node:test';
import { stackLines } from '../support/stacks.ts';
import { read, refused } from './support.ts';

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
    'main > work : 3 2 4 comm=node tid=#99',
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

test('what is no sample is refused, with the line', () => {
  const sample = 'node 4242 1928.1: 5 cycles:\n\t  10 work (/bin/a)\n\n';
  refused(
    `${sample}what is this\n`,
    'PROFILE_MALFORMED',
    /^perf script: line 4 \(byte 49\) is neither the beginning of a sample nor a frame of one$/,
  );
  const large = 'node 4242 1928.1: 999999999999999999 cycles:\n\t  10 work (/bin/a)\n\n';
  refused(large, 'PROFILE_MALFORMED', /brings the periods of all samples beyond 2\^53$/);
  const kinds = Array.from({ length: 70 }, (_, i) => sample.replace('cycles', `event${i}`)).join('');
  refused(kinds, 'PROFILE_MALFORMED', /names more than 64 kinds of events$/);
});
