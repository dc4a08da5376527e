// The texts of scripts as they lie on disk, to tell what functions without a name are there for.
import * as files from 'node:fs';
import { isAbsolute } from 'node:path';
import { fileURLToPath } from 'node:url';
import { FunctionNames, readRegularFile } from '@stackpile/profile';

/** Longer files are not read. */
const MOST_BYTES = 16 * 1024 * 1024;

/** The file of a script; null for what is no file of JavaScript or TypeScript on this machine. */
function scriptPath(url: string): string | null {
  try {
    const path = url.startsWith('file:') ? fileURLToPath(url) : url;
    // A path on another machine would be asked for over the network.
    const isHere = isAbsolute(path) && !/^[\\/]{2}/u.test(path);
    return isHere && /\.[cm]?[jt]sx?$/iu.test(path) ? path : null;
  } catch {
    return null;
  }
}

/**
 * The text of a script by its URL or path. It may not be what ran: whoever uses it checks that the function in question begins
 * where V8 says.
 */
function scriptText(url: string): string | null {
  const path = scriptPath(url);
  if (path === null) return null;
  try {
    return new TextDecoder().decode(readRegularFile(files, path, MOST_BYTES));
  } catch {
    return null;
  }
}

/** Reads files on whichever thread asks: in the agent that is the sidecar. */
export const functionNames: FunctionNames = new FunctionNames(scriptText);
