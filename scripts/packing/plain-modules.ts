// The rule of every bundle of ES modules: no CommonJS in it. Its calls of `require` throw when they are reached, and only then.
import type { Metafile } from 'esbuild';

/** What is wrong with a bundle, a sentence each: the CommonJS that went into it, and calls of `require` that are left in it. */
export function plainModules({ inputs, outputs }: Metafile): string[] {
  const faults: string[] = [];
  for (const [output, { inputs: used, imports }] of Object.entries(outputs)) {
    for (const path of Object.keys(used)) {
      if (inputs[path]?.format === 'cjs')
        faults.push(
          `${output}: ${path} is CommonJS, which does not work inside ES modules: make its package external`,
        );
    }
    for (const { path, kind } of imports) {
      if (kind.startsWith('require-'))
        faults.push(`${output}: require of ${path} does not work inside ES modules: import it`);
    }
  }
  return faults;
}
