// Is the decoder's kernel made of the text that stands beside it?
import { readFileSync } from 'node:fs';
import { type Outcome } from '../house.ts';
import { kernelModuleFile } from '../kernel.ts';

export async function checkKernel(): Promise<Outcome> {
  try {
    const { path, text } = await kernelModuleFile();
    const ok = readFileSync(path, 'utf8') === text;
    return {
      ok,
      said: ok ? '' : 'packages/profile/src/proto/kernel/module.ts is not made of kernel.wat beside it',
    };
  } catch (error) {
    return { ok: false, said: error instanceof Error ? error.message : String(error) };
  }
}
