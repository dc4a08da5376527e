// The formats of before profile.proto, tried in pprof's order; the first that does not say "not mine" decides.
// Upstream: google/pprof profile/profile.go profile/legacy_profile.go, 2025-11-14
import { ProfileError } from '../../errors.ts';
import type { Profile } from '../../profile.ts';
import { finishLegacy, type LegacyProfile } from './assembly.ts';
import { parseContention } from './contention.ts';
import { parseCount } from './count.ts';
import { parseCpu } from './cpu.ts';
import { parseHeap } from './heap.ts';
import { parseJava } from './java.ts';
import { parseThread } from './thread.ts';

const parsers: readonly ((data: Uint8Array) => LegacyProfile | null)[] = [
  parseCpu,
  parseHeap,
  parseCount,
  parseThread,
  parseContention,
  parseJava,
];

/** Reads an old format; null where the bytes are none, a `ProfileError` in pprof's words where they are a broken one. */
export function readLegacy(data: Uint8Array): Profile | null {
  for (const parse of parsers) {
    const profile = parse(data);
    if (profile === null) continue;
    const built = finishLegacy(profile);
    if (built.sampleTypes.length === 0 && built.samples.length > 0) {
      const pprof = 'malformed profile: missing sample type information';
      throw new ProfileError('PROFILE_INVALID', 'the text has samples and no resolution line', {
        pprofMessage: pprof,
      });
    }
    return built;
  }
  return null;
}
