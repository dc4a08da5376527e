// What a format is: how to tell it by its bytes and how to read it.
import type { Profile } from '../profile.ts';

/** How to read a file of any format. */
export interface FormatOptions {
  /** Keep the order in time: a sample per moment, with its label `timestamp`, where the file says when it was taken. */
  readonly times?: boolean;
  /** Hears how far the reader of a format in JSON has come, in bytes. */
  readonly onProgress?: (bytes: number, total: number) => void;
  /** Where the document begins, in formats of JSON: behind what it is wrapped in. */
  readonly at?: number;
}

/** A file format of profiles that is told by how its bytes begin. */
export interface ProfileFormat {
  /** What people call it. */
  readonly name: string;
  /** Whether `bytes` (not compressed) look like this format; `head` is the text of their first 4 KiB. */
  readonly sniff: (bytes: Uint8Array, head: string) => boolean;
  /** Reads it; throws a `ProfileError` that names the byte, line or field. */
  readonly read: (bytes: Uint8Array, options?: FormatOptions) => Profile;
}

/** A format in JSON: its row in the table says which keys tell it. */
export type JsonFormat = Pick<ProfileFormat, 'name' | 'read'>;
