// Profiles as compressed bytes, with the gzip header that Go writes.
// Upstream: golang/go src/compress/gzip/gzip.go, 1.26.8
import { gzipSync } from 'node:zlib';
import { encodeProfile, type Profile } from '@stackpile/profile';

/** The encoded profile, compressed. */
export function gzipGo(profile: Profile): Uint8Array {
  const packed = gzipSync(encodeProfile(profile));
  // No extra flags, unknown system.
  packed[8] = 0;
  packed[9] = 0xff;
  return packed;
}
