// Every ```ts block of a committed Markdown page compiles as it stands.
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Outcome, root, run, trackedFiles } from '../house.ts';

export interface Snippet {
  /** Line of the page on which the code begins, from 1. */
  line: number;
  code: string;
}

/** The ```ts blocks of a page. */
export function snippetsOf(markdown: string): Snippet[] {
  return [...markdown.matchAll(/^```ts\n([\s\S]*?)^```$/gm)].map((match) => ({
    line: markdown.slice(0, match.index).split('\n').length + 1,
    code: match[1] ?? '',
  }));
}

export async function checkSnippets(): Promise<Outcome> {
  const folder = join(root, '.cache', 'snippets');
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const places = new Map<string, { page: string; line: number }>();
  for (const page of trackedFiles()) {
    if (!page.endsWith('.md') || !existsSync(join(root, page))) continue;
    for (const { line, code } of snippetsOf(readFileSync(join(root, page), 'utf8'))) {
      const name = `${page.replaceAll(/[^a-zA-Z0-9]/g, '_')}_${line}.ts`;
      places.set(name, { page, line });
      // A module of its own each, also without an import.
      writeFileSync(join(folder, name), `${code}\nexport {};\n`);
    }
  }
  if (places.size === 0) return { ok: false, said: 'no page has a ```ts block: the search is broken' };
  const config = {
    extends: '../../tsconfig.program.json',
    compilerOptions: {
      composite: false,
      incremental: false,
      noEmit: true,
      emitDeclarationOnly: false,
      declaration: false,
      noUnusedLocals: false,
    },
    include: ['*.ts'],
  };
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(config));
  const { status, output } = await run('tsc', ['-p', folder, '--pretty', 'false']);
  return { ok: status === 0, said: inPages(output, places) };
}

/** Turns the compiler's places into places of the pages. */
function inPages(output: string, places: ReadonlyMap<string, { page: string; line: number }>): string {
  return output
    .trim()
    .replaceAll(/^\S*?([^/\s]+\.ts)\((\d+),(\d+)\)/gm, (whole, name: string, row: string, column: string) => {
      const place = places.get(name);
      return place === undefined ? whole : `${place.page}:${place.line + Number(row) - 1}:${column}`;
    });
}
