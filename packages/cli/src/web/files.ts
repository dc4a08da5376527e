// Source files for the Source view: only those that an open profile names, only text, only so long.
import * as fs from 'node:fs';
import * as files from 'node:fs/promises';
import { isAbsolute, resolve } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { type Profile, readRegularFile, readRegularFileAsync, RegularFileError } from '@stackpile/profile';
import { GoPlaces } from '@stackpile/report';
import { systemReason } from '@stackpile/sources';
import type { CliErrorCode } from '../errors.ts';
import { goFolders } from '../go-folders.ts';

const maxBytes = 2 * 2 ** 20;
/** A profile may name any file of this machine: what is not source text by its name is not shown. */
const sourceFile =
  /\.(?:[cm]?[jt]sx?|vue|svelte|go|s|asm|c|cc|cpp|cxx|h|hh|hpp|rs|py|rb|java|kt|scala|swift|php|cs|zig|ex|exs|clj)$/iu;

/** Thrown where a file is not shown; the message is a sentence for the page. */
export class FileError extends Error {
  override readonly name = 'FileError';
  readonly code: CliErrorCode = 'FILE_NOT_SHOWN';
}

/** The file names of a profile's functions. */
export function fileNames(profile: Profile): Set<string> {
  const { functions, strings } = profile;
  const rows = new Set<number>();
  for (let i = 0; i < functions.length; i++) rows.add(functions.filename[i] as number);
  return new Set([...rows].map((row) => strings.get(row)).filter((name) => name !== ''));
}

/** A file for the Source view. */
export interface SourceFile {
  readonly text: string;
  /** Where it lies, for an editor. */
  readonly path: string;
}

/**
 * One file that `profile` names, looked for as it stands, where Go keeps it, below `cwd`, and by shorter and shorter ends of
 * its path.
 */
export async function readSourceFile(
  profile: Profile,
  name: string,
  cwd: string,
  env: Readonly<Record<string, string | undefined>> = process.env,
): Promise<SourceFile> {
  if (!fileNames(profile).has(name)) throw new FileError(`${name}: this profile names no such file.`);
  const plain = name.startsWith('file://') ? fileURLToPath(name) : name;
  if (!sourceFile.test(plain))
    throw new FileError(`${name}: this is not a source file by its name, so it is not shown.`);
  const [itself = plain, ...ends] = candidates(plain, cwd);
  const first = await readText(itself, name);
  if (first !== null) return { text: first, path: itself };
  const places = goPlaces(plain, cwd, env);
  for (const path of [...places, ...ends]) {
    const text = await readText(path, name);
    if (text !== null) return { text, path };
  }
  const nor = places.length === 0 ? '' : `, nor at ${places.slice(0, 3).join(', ')}`;
  throw new FileError(
    `${name}: not found on this machine${nor}. Start stackpile in the folder that has the sources.`,
  );
}

function goPlaces(
  path: string,
  cwd: string,
  env: Readonly<Record<string, string | undefined>>,
): readonly string[] {
  const read = (file: string): { bytes: Uint8Array } | { error: string } => {
    try {
      return { bytes: readRegularFile(fs, file, maxBytes) };
    } catch (error) {
      return { error: systemReason(error) };
    }
  };
  return new GoPlaces(goFolders(env), { read }, [cwd]).of(path);
}

function candidates(path: string, cwd: string): string[] {
  if (isAbsolute(path)) {
    const parts = path.split(/[\\/]/u).filter((part) => part !== '');
    // A path of another machine: the longest end that exists below this folder is the best guess.
    return [path, ...parts.slice(1, 12).map((_, index) => resolve(cwd, ...parts.slice(index + 1)))];
  }
  const parts = path.split(/[\\/]/u).filter((part) => part !== '' && part !== '..');
  return parts.slice(0, 12).map((_, index) => resolve(cwd, ...parts.slice(index)));
}

/** Null where there is no such file, or a folder: another place may have it. */
async function readText(path: string, name: string): Promise<string | null> {
  let bytes: Uint8Array;
  try {
    bytes = await readRegularFileAsync(files, path, maxBytes);
  } catch (error) {
    if (!(error instanceof RegularFileError) || error.directory) return null;
    const why = error.code === 'FILE_TOO_LARGE' ? 'longer than 2 MB' : `it ${error.reason}`;
    throw new FileError(`${name}: ${why}, so it is not shown.`, { cause: error });
  }
  if (bytes.includes(0)) throw new FileError(`${name}: not a text file.`);
  return new TextDecoder().decode(bytes);
}
