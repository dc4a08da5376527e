// Profiles drawn as text: one line per sample, root first.
import { type Profile, ProfileBuilder, type SampleLabel } from '@stackpile/profile';

/**
 * Draws a profile. The first line names the sample types, each other line is a sample:
 *
 *     samples/count cpu/nanoseconds
 *     main.main > a@x.ts:3 > b : 1 100 route=/pay bytes=512:bytes
 *
 * Frames are `name@file:line`; `outer^inner` is one location with `inner` inlined into `outer`. Equal frames are one
 * location. A label whose value begins with `#` is a number: `bytes=#512:bytes`.
 */
export function draw(
  text: string,
  header: { comments?: readonly string[]; durationNanos?: bigint } = {},
): Profile {
  const [types = '', ...lines] = text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '');
  const builder = new ProfileBuilder({
    sampleTypes: types.split(/\s+/).map((word) => {
      const [type = '', unit = ''] = word.split('/');
      return { type, unit };
    }),
    ...(header.durationNanos === undefined ? {} : { durationNanos: header.durationNanos }),
  });
  const frame = (word: string): { function: number; line: number } => {
    const [, name = '', file = '', line = '0'] = /^([^@]*)(?:@(.*?)(?::(\d+))?)?$/.exec(word.trim()) ?? [];
    return { function: builder.function(name, file, 0, name), line: Number(line) };
  };
  for (const line of lines) {
    const [, stack = '', numbers = ''] = /^(.*?)\s*:\s+(.*)$/.exec(line) ?? [];
    const words = numbers.split(/\s+/);
    const values = words.filter((word) => !word.includes('=')).map((word) => BigInt(word));
    const labels = words
      .filter((word) => word.includes('='))
      .map((word): SampleLabel => {
        const [key = '', value = ''] = word.split('=');
        if (!value.startsWith('#')) return { key, text: value };
        const [number = '0', unit = ''] = value.slice(1).split(':');
        return { key, number: BigInt(number), ...(unit === '' ? {} : { unit }) };
      });
    const locations =
      stack === '-'
        ? []
        : stack.split('>').map((part) => builder.location({ lines: part.split('^').map(frame).reverse() }));
    builder.sample(locations.reverse(), values, labels);
  }
  for (const comment of header.comments ?? []) builder.comment(comment);
  return builder.build();
}
