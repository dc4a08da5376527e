// ESM `import` and CommonJS `require` of everything that is public, also under conditions of somebody else's.
import { cpSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Consumer } from './consumer.ts';
import { expect, type Ledger } from './ledger.ts';
import { expectEnd, run } from './processes.ts';

const programs = fileURLToPath(new URL('programs/', import.meta.url));
/** Nobody's, that of this repository's sources, and that which other repositories use for theirs. */
const CONDITIONS = [[], ['--conditions=stackpile-source'], ['--conditions=source']] as const;

type Names = Readonly<Record<string, readonly string[]>>;

async function namesOf(
  consumer: Consumer,
  node: string,
  args: readonly string[],
  witness: Readonly<Record<string, string>>,
): Promise<Names> {
  // What serves when it is imported is told not to.
  const env = { ...consumer.env, ...witness, STACKPILE_ENABLED: 'off' };
  const ran = await run(node, [...args, ...consumer.entries], { cwd: consumer.folder, env });
  expectEnd(ran, [0], args.join(' '));
  expect(ran.stderr === '', `it warns: ${ran.stderr}`);
  return JSON.parse(ran.stdout) as Names;
}

/** `witness` makes V8 say which files were loaded. */
export async function tryImports(
  ledger: Ledger,
  consumer: Consumer,
  node: string,
  label: string,
  witness: Readonly<Record<string, string>>,
): Promise<void> {
  for (const program of ['import.mjs', 'require.cjs'])
    cpSync(join(programs, program), join(consumer.folder, program));
  for (const conditions of CONDITIONS) {
    const under = conditions.map((one) => ` ${one}`).join('');
    await ledger.try(`${label}${under}: import and require of ${consumer.entries.join(', ')}`, async () => {
      const imported = await namesOf(consumer, node, [...conditions, 'import.mjs'], witness);
      const required = await namesOf(consumer, node, [...conditions, 'require.cjs'], witness);
      for (const entry of consumer.entries) {
        const names = imported[entry] ?? [];
        expect(names.length > 0, `${entry} exports nothing`);
        expect(
          names.join() === (required[entry] ?? []).join(),
          `${entry}: import gives ${names.join()}, require gives ${(required[entry] ?? []).join()}`,
        );
      }
    });
  }
}
