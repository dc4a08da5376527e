// Compiles the worker's hot loops before the first profile arrives, by running them on a small made-up one.
import { decodeProfile, encodeProfile, ProfileBuilder } from '@stackpile/profile';
import { FrameInterner, flattenStacks, layoutFlame, planFlame } from '@stackpile/report/flame';

/** Milliseconds that may be spent; a profile that is already waiting must not wait longer for it. */
const budget = 120;

/** Decodes and lays out a profile of a few thousand samples, again and again within the budget. */
export function warmUp(): void {
  const started = performance.now();
  const builder = new ProfileBuilder({ sampleTypes: [{ type: 'samples', unit: 'count' }] });
  const locations = Array.from({ length: 300 }, (_, i) =>
    builder.location({ lines: [{ function: builder.function(`f${i}`, `/app/${i % 20}.ts`), line: i }] }),
  );
  let state = 1;
  const next = (limit: number): number => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return (state >>> 8) % limit;
  };
  for (let i = 0; i < 4000; i++) {
    const stack = Array.from(
      { length: 4 + next(16) },
      (_, depth) => locations[(depth * 14 + next(9)) % 300] ?? 0,
    ).reverse();
    builder.sample(stack, [1 + next(5)]);
  }
  const bytes = encodeProfile(builder.build());
  while (performance.now() - started < budget) {
    const profile = decodeProfile(bytes);
    const interner = new FrameInterner();
    const frames = interner.add(profile);
    const stacks = flattenStacks(interner, { profile, frames, valueIndex: 0 });
    layoutFlame(planFlame(stacks, 'down'), { minShare: 1 / 2000 });
  }
}
