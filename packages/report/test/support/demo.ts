// The profile of a shop that the golden files are reports of.
import { MappingFlag, type Profile, ProfileBuilder, type SampleLabel } from '@stackpile/profile';

/** Two sample types, an inlined function, text and numeric labels, comments, a time and a duration. */
export function demoProfile(): Profile {
  const builder = new ProfileBuilder({
    sampleTypes: [
      { type: 'samples', unit: 'count' },
      { type: 'cpu', unit: 'nanoseconds' },
    ],
    periodType: { type: 'cpu', unit: 'nanoseconds' },
    period: 10_000_000,
    timeNanos: 1767225600123456789n,
    durationNanos: 10_040_000_000n,
  });
  const mapping = builder.mapping({
    start: 0x400000n,
    limit: 0x500000n,
    filename: '/srv/app/bin/shop',
    buildId: 'abc123',
    flags:
      MappingFlag.hasFunctions |
      MappingFlag.hasFilenames |
      MappingFlag.hasLineNumbers |
      MappingFlag.hasInlineFrames,
  });
  const fn = (name: string, file: string, start: number): number => builder.function(name, file, start, name);
  const main = fn('main.main', '/src/shop/main.go', 10);
  const serve = fn('example.com/shop/v2/cart.(*Cart).Serve', '/src/shop/cart/cart.go', 20);
  const block = fn('crypto/sha256.block', '/go/src/crypto/sha256/block.go', 5);
  const marshal = fn('encoding/json.Marshal', '/go/src/encoding/json/encode.go', 150);
  const tiny = fn('main.tiny', '/src/shop/main.go', 50);
  const sort = fn('slices.SortFunc[...]', '/go/src/slices/sort.go', 26);
  const at = (address: bigint, ...lines: [number, number][]): number =>
    builder.location({ mapping, address, lines: lines.map(([row, line]) => ({ function: row, line })) });
  const l1 = at(0x401000n, [main, 12]);
  const l2 = at(0x402000n, [serve, 25]);
  const l3 = at(0x403000n, [block, 9]);
  const l4 = at(0x402040n, [marshal, 160], [serve, 31]);
  const l5 = at(0x401080n, [tiny, 51]);
  const l6 = at(0x404000n, [sort, 28]);
  const sample = (stack: number[], count: number, nanos: number, ...labels: SampleLabel[]): void =>
    builder.sample(stack, [count, nanos], labels);
  sample([l3, l2, l1], 300, 3e9, { key: 'route', text: '/cart' });
  sample([l4, l1], 120, 1.2e9, { key: 'route', text: '/pay' });
  sample([l6, l2, l1], 50, 5e8, { key: 'bytes', number: 2048, unit: 'bytes' });
  sample([l2, l1], 30, 3e8);
  sample([l5, l1], 1, 1e7);
  sample([l1], 2, 2e7);
  builder.comment('#hidden note');
  builder.comment('release 7');
  return builder.build();
}
