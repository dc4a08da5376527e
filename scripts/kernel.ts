// Makes the module of the decoder's kernel out of its text: node --conditions=stackpile-source scripts/run.mjs scripts/kernel.ts
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { pathToFileURL } from 'node:url';
import { root, run } from './house.ts';

const kernel = join(root, 'packages/profile/src/kernel');

/** The file that holds the module, and what it should say. Throws what is wrong with the text. */
export async function kernelModuleFile(): Promise<{ path: string; text: string }> {
  const folder = mkdtempSync(join(tmpdir(), 'stackpile-kernel-'));
  try {
    const module = join(folder, 'kernel.wasm');
    const { status, output } = await run('wat2wasm', [join(kernel, 'kernel.wat'), '-o', module]);
    if (status !== 0) throw new Error(output.trim());
    const base64 = readFileSync(module).toString('base64');
    const text = `// kernel.wat as a module, in base64: made by scripts/kernel.ts, and compared by the check \`kernel\`.
export const kernelModule =
  '${base64}';
`;
    return { path: join(kernel, 'module.ts'), text };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const { path, text } = await kernelModuleFile();
  writeFileSync(path, text);
}
