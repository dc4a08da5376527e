// Go's text dumps: names, inlining, labels, waiting times; the real ones, and what our own agent makes of the grammar.
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import test from 'node:test';
import {
  checkValid,
  int64At,
  type Profile,
  ProfileError,
  readPlainProfile,
  readProfile,
  sumInt64,
} from '../src/index.ts';
import { splitCall } from '../src/formats/go-goroutine-stacks.ts';
import { fixture, withFixtures } from './support/fixtures.ts';

interface Row {
  readonly stack: readonly string[];
  readonly value: bigint;
  readonly labels: Readonly<Record<string, string>>;
}

/** Samples as names and labels; inlined frames are marked. */
function rows(profile: Profile): Row[] {
  const { samples, locations, functions, strings } = profile;
  return Array.from({ length: samples.length }, (_, row) => {
    const stack: string[] = [];
    for (const location of samples.stackLocations.subarray(
      samples.stackStart[row],
      samples.stackStart[row + 1],
    )) {
      const from = locations.lineStart[location] as number;
      const to = locations.lineStart[location + 1] as number;
      if (from === to) stack.push(`0x${(locations.address[location] as bigint).toString(16)}`);
      for (let i = from; i < to; i++) {
        const fn = locations.lines.function[i] as number;
        const name = strings.get(functions.name[fn] as number);
        const file = strings.get(functions.filename[fn] as number);
        stack.push(`${name} ${file}:${locations.lines.line[i]}${i + 1 < to ? ' (inlined)' : ''}`);
      }
    }
    const labels: Record<string, string> = {};
    for (let i = samples.labelStart[row] as number; i < (samples.labelStart[row + 1] as number); i++) {
      const text = samples.labels.text[i] as number;
      const unit = strings.get(samples.labels.unit[i] as number);
      labels[strings.get(samples.labels.key[i] as number)] =
        text !== 0
          ? strings.get(text)
          : `${int64At(samples.labels.number, i)}${unit === '' ? '' : ` ${unit}`}`;
    }
    return { stack, value: int64At(samples.values[0] as Float64Array, row), labels };
  });
}

const read = (text: string): Profile => {
  const profile = readPlainProfile(new TextEncoder().encode(text));
  checkValid(profile);
  return profile;
};

test('debug=2: state, waiting time, creator, labels, inlined and elided frames', () => {
  const profile =
    read(`goroutine 7 [chan receive (nil chan) (scan), 12 minutes, locked to thread labels:{"queue": "a \\"b\\"", "t\\u00e4sk": "\\xff"}]:
main.(*hub).next(...)
	example.com/p/main.go:150
main.Map[...](0x1, {0xc000, 0x5}, _, ...)
	example.com/p/main.go:149 +0x26
...11 frames elided...
main.park.func1({0x0?, {0x1, 0x2}})
	C:/my dir/p/main.go:165 +0x25
created by main.(*T[...]).park in goroutine 1
	example.com/p/main.go:163 +0x485
[originating from goroutine 1]:
main.ancestor(...)
	example.com/p/main.go:1 +0x1
created by main.start
	example.com/p/main.go:2 +0x1

goroutine 1 gp=0xc000002380 m=0 mp=0x7 [running]:
	goroutine running on other thread; stack unavailable

goroutine 30 [select (no cases) (leaked)]:
runtime.gopark(0x1)
	runtime/proc.go:4 +0xce fp=0xc0 sp=0xc1 pc=0x43
panic({0x1?, 0x2?})
	runtime/panic.go:7 +0x1
main.run
`);
  assert.deepEqual(rows(profile), [
    {
      stack: [
        'main.(*hub).next example.com/p/main.go:150 (inlined)',
        'main.Map[...] example.com/p/main.go:149',
        'main.park.func1 C:/my dir/p/main.go:165',
      ],
      value: 1n,
      labels: {
        goroutine: '7',
        state: 'chan receive (nil chan)',
        created_by: 'main.(*T[...]).park example.com/p/main.go:163',
        waited: '12 minutes',
        queue: 'a "b"',
        täsk: '\udcff',
      },
    },
    { stack: [], value: 1n, labels: { goroutine: '1', state: 'running' } },
    {
      stack: ['runtime.gopark runtime/proc.go:4', 'panic runtime/panic.go:7', 'main.run :0'],
      value: 1n,
      labels: { goroutine: '30', state: 'select (no cases)' },
    },
  ]);
  assert.deepEqual(profile.sampleTypes, [{ type: 'goroutine', unit: 'count' }]);
});

test('debug=2 of a Node service: names with spaces, scripts of all kinds of paths, finer waiting times', () => {
  const profile = read(`goroutine 3 [await, 1500 milliseconds]:
async Object.run task(...)
	file:///srv/my app/src/task one.ts:12:7
get [Symbol.iterator](...)
	C:\\srv\\app\\task.ts:3
(anonymous)(...)
	node:internal/timers:581

goroutine 4 [await, 3 seconds]:
(anonymous)
	webpack://shop/./src/a.ts:1
`);
  assert.deepEqual(rows(profile), [
    {
      stack: [
        'async Object.run task file:///srv/my app/src/task one.ts:12',
        'get [Symbol.iterator] C:\\srv\\app\\task.ts:3',
        '(anonymous) node:internal/timers:581',
      ],
      value: 1n,
      labels: { goroutine: '3', state: 'await', waited: '1500 milliseconds' },
    },
    {
      stack: ['(anonymous) webpack://shop/./src/a.ts:1'],
      value: 1n,
      labels: { goroutine: '4', state: 'await', waited: '3000 milliseconds' },
    },
  ]);
  assert.equal(int64At(profile.locations.lines.column, 0), 7n);
});

test('argument lists go, names with brackets stay', () => {
  assert.deepEqual(splitCall('main.(*T).m(0x1, {0x2, 0x3})'), { symbol: 'main.(*T).m', dots: false });
  assert.deepEqual(splitCall('main.f.func1(...)'), { symbol: 'main.f.func1', dots: true });
  assert.deepEqual(splitCall('(anonymous)'), { symbol: '(anonymous)', dots: false });
  assert.deepEqual(splitCall('a)b'), { symbol: 'a)b', dots: false });
  assert.deepEqual(splitCall(')))'), { symbol: ')))', dots: false });
});

test('debug=1: one sample per record, inlined frames in one location, labels, records without names', () => {
  const profile = read(`goroutine profile: total 6
3 @ 0x488d6e 0x41922e 0xaa99e5 0xaa99c7 0xaa99c6 0x490801
# labels: {"queue":"orders", "task":"subscribe"}
#	0xaa99e4	main.(*hub).next+0x44		example.com/p/main.go:150
#	0xaa99c6	main.(*hub).subscribe+0x26	example.com/p/main.go:149
#	0xaa99c5	main.park.func1+0x25		example.com/p/main.go:165

2 @ 0x10 0x20
#	0xf	main.rec+0x1	a.go:1
#	0xe	main.rec+0x0	a.go:2

1 @ 0x10 0x21
#	0x20

`);
  assert.deepEqual(rows(profile), [
    {
      stack: [
        'main.(*hub).next example.com/p/main.go:150 (inlined)',
        'main.(*hub).subscribe example.com/p/main.go:149 (inlined)',
        'main.park.func1 example.com/p/main.go:165',
      ],
      value: 3n,
      labels: { queue: 'orders', task: 'subscribe' },
    },
    { stack: ['main.rec a.go:1', 'main.rec a.go:2'], value: 2n, labels: {} },
    { stack: ['0xf', '0x20'], value: 1n, labels: {} },
  ]);
});

test('heap and mutex texts with names: sampled sizes scaled, a Go mutex not scaled twice', () => {
  const heap = read(`heap profile: 1: 65536 [1: 65536] @ heap/1048576
1: 65536 [1: 65536] @ 0x486713 0xaa83d4
#	0xaa83d3	main.newBlock+0x113	example.com/p/main.go:127

# runtime.MemStats
# Alloc = 1
`);
  assert.deepEqual(rows(heap), [
    { stack: ['main.newBlock example.com/p/main.go:127'], value: 8n, labels: { bytes: '65536' } },
  ]);
  const mutex = read(`--- mutex:
cycles/second=2000000000
sampling period=5
100 20 @ 0xaa9ef3
#	0xaa9ef2	sync.(*Mutex).Unlock+0x12	sync/mutex.go:65
`);
  assert.deepEqual(
    mutex.samples.values.map((column) => int64At(column, 0)),
    [20n, 50n],
  );
});

test('a broken text is one sentence that names the line and the byte', () => {
  const fails = (text: string, message: RegExp): void =>
    assert.throws(
      () => read(text),
      (error) => error instanceof ProfileError && message.test(error.message),
    );
  fails('goroutine profile: total 1\nx @ 0x1\n', /^line 2 \(byte 27\): expected "COUNT @ 0xADDRESS …"$/);
  fails('goroutine profile: total 1\n1 @ 0x1\n# labels: {"a\n', /^line 3 \(byte 35\): the label list/);
  fails('heap profile: 1: 1 [1: 1] @ heap/2\n0: 5 [0: 5] @ 0x1\n', /^line 2 \(byte 35\): inuse count was 0/);
  fails('goroutine 99999999999999999999999 [running]:\n', /^line 1 \(byte 0\): the goroutine number/);
  fails('hello\nworld', /^unrecognized: the text that starts at byte 0 with "hello" is in no known/);
});

test('a memory map has as many mappings as a process may have, and no more', () => {
  const readMap = (mappings: number): Profile => {
    const text = `custom profile: total 9\n4 @ 0x401000 0x402000\n\n--- Memory map: ---\n  400000-500000: /srv/shop (@1000) abc\n${'bc\n'.repeat(mappings)}`;
    return readPlainProfile(new TextEncoder().encode(text), { goTexts: 'as-pprof' });
  };
  assert.equal(readMap(90_000).mappings.length, 90_001);
  // As arguments of one call so many of them were a stack that overflowed.
  assert.throws(() => readMap(300_000), {
    name: 'ProfileError',
    code: 'PROFILE_TOO_LARGE',
    message: /the memory map has more than 100000 mappings/u,
  });
});

test('every real dump says the same in its three forms', withFixtures, async () => {
  for (const folder of ['leaky', 'fixed', 'ctxonly']) {
    for (const point of readdirSync(fixture('go', folder)).filter((name) => name.startsWith('t'))) {
      const open = (name: string): Promise<Profile> =>
        readProfile(readFileSync(fixture('go', folder, point, name)));
      const totals: bigint[] = [];
      for (const name of ['goroutine.debug1.txt', 'goroutine.debug2.txt.gz', 'goroutine.pb.gz']) {
        const profile = await open(name);
        checkValid(profile);
        totals.push(sumInt64(profile.samples.values[0] as Float64Array));
        const text = JSON.stringify(rows(profile).map(({ stack }) => stack));
        const leaks = folder !== 'fixed' && point !== 't2';
        if (leaks) assert.match(text, /SubscribeNewTaskMsgIfAvailable/, `${folder}/${point}/${name}`);
      }
      // The dumps are taken one after the other; a connection more or less is possible.
      const [counts, stacks, proto] = totals.map(Number) as [number, number, number];
      assert.ok(
        Math.abs(counts - proto) <= 2 && Math.abs(stacks - proto) <= 2,
        `${folder}/${point}: ${totals.join(' ')}`,
      );
    }
  }
});

test('every other captured text reads', withFixtures, async () => {
  const folder = fixture('go/http/bodies');
  let count = 0;
  for (const name of readdirSync(folder)) {
    if (!/(goroutine|heap|allocs|mutex|block|threadcreate|goroutineleak)\b.*\.txt$/.test(name)) continue;
    const profile = await readProfile(readFileSync(fixture('go/http/bodies', name)));
    checkValid(profile);
    count++;
    if (!name.includes('mutex')) assert.ok(profile.samples.length > 0, name);
  }
  assert.ok(count > 10);
});
