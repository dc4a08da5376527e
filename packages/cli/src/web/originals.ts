// Compiled scripts shown as what they were written in: the page gets profiles whose lines follow source maps on this machine.
import * as fs from 'node:fs';
import { resolve } from 'node:path';
import { type Profile, readRegularFile } from '@stackpile/profile';
import { withOriginals } from '@stackpile/report';
import { systemReason } from '@stackpile/sources';

/** A longer file is no script or map that anybody reads by line. */
const maxBytes = 64 * 2 ** 20;

/** A profile with its originals, and the text of those that only the maps hold. */
export interface WithOriginals {
  readonly profile: Profile;
  /** Text of an original file as the map carries it; null where there is none. */
  text(path: string): string | null;
}

/** Follows the maps of every script of the profile that lies on this machine; null where there are none. */
export function originalsOf(profile: Profile, cwd: string): WithOriginals | null {
  // Once the maps are followed nothing more is read here: a profile may name any file of this machine.
  let sealed = false;
  const sources = {
    workingDirectory: cwd,
    read(path: string): { readonly bytes: Uint8Array } | { readonly error: string } {
      if (sealed) return { error: 'not in a map' };
      try {
        return { bytes: readRegularFile(fs, resolve(cwd, path), maxBytes) };
      } catch (error) {
        return { error: systemReason(error) };
      }
    },
  };
  const shown = withOriginals(profile, { sources }, { source_path: '', trim_path: '' }, () => true);
  if (shown.profile === profile) return null;
  sealed = true;
  return {
    profile: shown.profile,
    text(path) {
      const found = shown.context.sources?.read(path);
      return found !== undefined && 'bytes' in found ? new TextDecoder().decode(found.bytes) : null;
    },
  };
}
