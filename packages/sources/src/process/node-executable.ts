// Whether a program on disk is Node: by what is in it, never by its name.
import { open, readdir, realpath, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';

/** A text that the code of every Node with an inspector has, and other programs do not. */
const MARK = Buffer.from('Starting inspector on ');
const BLOCK = 1 << 20;

async function holdsMark(path: string): Promise<boolean> {
  const file = await open(path);
  try {
    const block = Buffer.alloc(BLOCK + MARK.length);
    for (let at = 0; ; at += BLOCK) {
      const { bytesRead } = await file.read(block, 0, block.length, at);
      if (block.subarray(0, bytesRead).includes(MARK)) return true;
      if (bytesRead < block.length) return false;
    }
  } finally {
    await file.close();
  }
}

const known = new Map<string, Promise<boolean>>();

/** Whether the file holds Node's code; false where it cannot be read. Read once as long as the file does not change. */
export async function holdsNode(path: string): Promise<boolean> {
  try {
    const { dev, ino, mtimeMs, size } = await stat(path);
    const key = `${dev}:${ino}:${mtimeMs}:${size}`;
    const reading = known.get(key) ?? holdsMark(path);
    known.set(key, reading);
    return await reading;
  } catch {
    return false;
  }
}

/** Node that was built as a library, `libnode.so.127`: the executable itself is small. */
export const NODE_LIBRARY: RegExp = /(?:^|\/)libnode\b[^/]*$/u;

/** Whether the executable, or a Node library in the `lib` folder beside it, holds Node's code. */
export async function isNodeInstallation(executable: string): Promise<boolean> {
  if (await holdsNode(executable)) return true;
  try {
    const folder = join(dirname(await realpath(executable)), '..', 'lib');
    for (const name of await readdir(folder)) {
      if (NODE_LIBRARY.test(name) && (await holdsNode(join(folder, name)))) return true;
    }
  } catch {
    // No such folder.
  }
  return false;
}
