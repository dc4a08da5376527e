// Profiles as files: gzipped protobuf, with the headers of Go's.
// Upstream: golang/go src/net/http/pprof/pprof.go, 1.26.8
import { gzipSync } from 'node:zlib';
import { encodeProfile, type Profile } from '@stackpile/profile';
import type { PprofResponse } from '../http/messages.ts';

const packings = new WeakMap<Profile, Uint8Array>();

/** A profile's bytes: protobuf, gzipped at the fastest level as Go does; made once for all who are given the profile. */
export function packed(profile: Profile): Uint8Array {
  let bytes = packings.get(profile);
  if (bytes === undefined) packings.set(profile, (bytes = gzipSync(encodeProfile(profile), { level: 1 })));
  return bytes;
}

/** A file to be saved. */
export function download(name: string, body: Uint8Array | string): PprofResponse {
  return {
    status: 200,
    headers: {
      'Content-Type': 'application/octet-stream',
      'Content-Disposition': `attachment; filename="${name}"`,
      'X-Content-Type-Options': 'nosniff',
    },
    body,
  };
}
