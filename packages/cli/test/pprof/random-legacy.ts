// Random profiles in the texts of older tools, some of them damaged.
import fc from 'fast-check';

const address = fc.integer({ min: 1, max: 0xffff }).map((n) => `0x${(0x400000 + n * 16).toString(16)}`);
const stack = fc.array(address, { minLength: 0, maxLength: 6 }).map((list) => list.join(' '));
const count = fc.oneof(fc.integer({ min: 0, max: 50 }), fc.constantFrom(0, 1, 1024, 524_288, 1e9));

const maps = fc.constantFrom(
  '',
  '\n--- Memory map: ---\n400000-500000 r-xp 00000000 08:01 1 /srv/app/bin/shop\n',
  '\nMAPPED_LIBRARIES:\n00400000-00480000 r-xp 00000000 08:01 1 /lib/libx.so\n00480000-00600000 r-xp 00080000 08:01 2 /srv/app/bin/shop\n7fff0000-7fff1000 r-xp 0 00:00 0 [vdso]\n',
  '\n--- Memory map: ---\n  build=/srv/app/bin\n  400000-500000: $build/shop (@1000) abc123\n',
  '\n--- Memory map: ---\ngarbage here\n',
);

function lines(one: fc.Arbitrary<string>): fc.Arbitrary<string> {
  return fc.array(one, { maxLength: 8 }).map((all) => all.map((line) => `${line}\n`).join(''));
}

const heap = fc
  .tuple(
    fc.constantFrom(
      'heap/1048576',
      'heapprofile',
      'heap_v2/524288',
      'heap_v2',
      'heapz_v2/1',
      'growthz',
      'fragmentationz',
      'nosuch',
    ),
    lines(
      fc
        .tuple(count, count, count, count, stack)
        .map(([n, b, an, ab, addresses]) => `${n}: ${b} [${an}: ${ab}] @ ${addresses}`),
    ),
  )
  .map(([kind, body]) => `heap profile: 3: 4096 [5: 8192] @ ${kind}\n${body}`);

const counts = fc
  .tuple(
    fc.constantFrom('goroutine', 'threadcreate', 'custom_name', 'weird name'),
    lines(
      fc.oneof(
        fc.tuple(count, stack).map(([n, addresses]) => `${n} @ ${addresses}`),
        fc.constant('#\t0x1\tmain.f+0x1\t/a.go:1'),
        fc.constant(''),
      ),
    ),
  )
  .map(([name, body]) => `${name} profile: total 9\n${body}`);

const contention = fc
  .tuple(
    fc.constantFrom('--- mutex:', '--- contention:', '--- contentionz 1 ---'),
    fc.constantFrom(
      '',
      'cycles/second=2000000000\n',
      'cycles/second = 1000000000\nsampling period = 3\n',
      'ms since reset = 5000\ndiscarded samples = 2\n',
      'nosuch = 1\n',
      'sampling period = x\n',
    ),
    lines(fc.tuple(count, count, stack).map(([delay, n, addresses]) => `${delay} ${n} @ ${addresses}`)),
  )
  .map((parts) => `${parts[0]}\n${parts[1]}${parts[2]}`);

const threads = lines(
  fc
    .tuple(fc.integer({ min: 1, max: 99 }), fc.array(address, { maxLength: 4 }))
    .map(
      ([id, list]) =>
        `--- Thread ${id.toString(16)} (name: worker/${id}) stack: ---\n${list.map((one) => `  ${one}`).join('\n')}`,
    ),
).map((body) => `--- threadz 1 ---\n\n${body}`);

const java = fc
  .tuple(
    fc.constantFrom('--- heapz 1 ---', '--- contentionz 1 ---'),
    fc.constantFrom(
      'format = java\nresolution = bytes\n',
      'format = java\nresolution = microseconds\nsampling period = 100\nms since reset = 1\n',
      '',
    ),
    lines(fc.tuple(count, count, stack).map(([a, b, addresses]) => `${a} ${b} @ ${addresses}`)),
    lines(address.map((one) => `  ${one} com.shop.Cart.add (Cart.java:${one.length})`)),
  )
  .map((parts) => `${parts[0]}\n${parts[1]}${parts[2]}\n${parts[3]}`);

/** The text of a profile; one in eight has a character changed. */
export const legacyArbitrary: fc.Arbitrary<string> = fc
  .tuple(
    fc.oneof(heap, heap, counts, counts, contention, threads, java),
    maps,
    fc.integer({ min: 0, max: 7 }),
    fc.nat(),
    fc.constantFrom(' ', '0', 'x', '@', '\n', ':', '-', '#'),
  )
  .map(([body, map, damage, at, char]) => {
    const text = body + map;
    if (damage !== 0) return text;
    const place = at % (text.length + 1);
    return text.slice(0, place) + char + text.slice(place + 1);
  });
