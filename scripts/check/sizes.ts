// No function of a package is longer than 100 lines and no file longer than 500, but for a list with a reason each.
import { globSync } from 'node:fs';
import { relative } from 'node:path';
import { type Outcome, root, run } from '../house.ts';

/** `FILE` or `FILE FUNCTION` → why it may be longer. */
const exceptions: Readonly<Record<string, string>> = {
  'packages/profile/src/naming/sites.ts': 'a grammar: one machine whose short steps share one state',
  'packages/report/src/options.ts': 'a table: an entry for each option, with the text of its help',
};

export interface Finding {
  /** As in the list of exceptions. */
  readonly what: string;
  readonly lines: number;
}

export async function checkSizes(): Promise<Outcome> {
  const args = ['-c', 'scripts/check/sizes.oxlintrc.json', '--format=json'];
  const { output } = await run('oxlint', [...args, ...globSync('packages/*/src', { cwd: root })]);
  const said = sizeFaults(findingsOf(output), exceptions);
  return { ok: said.length === 0, said: said.join('\n') };
}

/** What oxlint's JSON says is too long. */
export function findingsOf(json: string): Finding[] {
  const { diagnostics } = JSON.parse(json) as {
    diagnostics: readonly { readonly message: string; readonly code: string; readonly filename: string }[];
  };
  return diagnostics.map(({ message, code, filename }) => {
    const path = relative(root, filename).replaceAll('\\', '/');
    const lines = Number(/\((\d+)\)/.exec(message)?.[1]);
    if (code === 'eslint(max-lines)') return { what: path, lines };
    return { what: `${path} ${/`([^`]+)`/.exec(message)?.[1] ?? '(without a name)'}`, lines };
  });
}

/** What is longer than it may be, and what is on the list and need not be. */
export function sizeFaults(
  findings: readonly Finding[],
  allowed: Readonly<Record<string, string>>,
): string[] {
  const stale = new Set(Object.keys(allowed));
  const faults: string[] = [];
  for (const { what, lines } of findings)
    if (!stale.delete(what)) faults.push(`${what}: ${lines} lines; split it, or say in sizes.ts why not`);
  for (const what of stale) faults.push(`${what}: is short enough; take it from the list in sizes.ts`);
  return faults;
}
