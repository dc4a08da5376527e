// Every relative link of a committed Markdown page leads to a committed file, every path that it names as code is there, and every room
// tells its user and its maintainer what they need, in few lines each.
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { type Outcome, root, trackedFiles } from '../house.ts';

/** A page for users holds an example too. */
const ROOM_LINES = {
  'README.md': { least: 5, most: 40 },
  'CONTRIBUTING.md': { least: 5, most: 15 },
} as const;

export function checkLinks(): Outcome {
  const files = trackedFiles().filter((path) => existsSync(join(root, path)));
  const known = new Set(files.flatMap((path) => [path, ...folders(path)]));
  const said: string[] = [];
  for (const page of files.filter((path) => path.endsWith('.md'))) {
    const text = readFileSync(join(root, page), 'utf8');
    for (const target of relativeLinks(text)) {
      const path = normalize(join(dirname(page), target)).replace(/\/$/, '');
      if (path !== '.' && !known.has(path)) said.push(`${page}: ${target} leads nowhere`);
    }
    for (const path of namedPaths(text)) if (!known.has(path)) said.push(`${page}: there is no ${path}`);
  }
  for (const manifest of files.filter((path) => /^packages\/[^/]+\/package\.json$/.test(path)))
    said.push(...roomPages(dirname(manifest), known));
  return { ok: said.length === 0, said: said.join('\n') };
}

/** What is wrong with the pages of a room. A room that is not published has no users: what there is to say is in its README. */
function roomPages(room: string, known: ReadonlySet<string>): string[] {
  const said: string[] = [];
  const { private: isPrivate } = JSON.parse(readFileSync(join(root, room, 'package.json'), 'utf8')) as {
    private?: boolean;
  };
  for (const name of isPrivate === true
    ? (['README.md'] as const)
    : (['README.md', 'CONTRIBUTING.md'] as const)) {
    const page = join(room, name);
    if (!known.has(page)) {
      said.push(`${page}: missing`);
      continue;
    }
    const text = readFileSync(join(root, page), 'utf8').trimEnd();
    // A table may be as long as what it lists.
    const lines = text.split('\n').filter((line) => !line.startsWith('|')).length;
    const { least, most } = ROOM_LINES[name];
    if (lines < least || lines > most) said.push(`${page}: ${lines} lines, not ${least} to ${most}`);
  }
  return said;
}

function folders(path: string): string[] {
  const parts = path.split('/');
  return parts.slice(1).map((_, index) => parts.slice(0, index + 1).join('/'));
}

/** Paths from the root of the repository that stand as code in a page's prose; `NAME` stands for many, and so does `*`. */
export function namedPaths(markdown: string): string[] {
  const prose = markdown.replaceAll(/```[\s\S]*?```/g, '');
  return [...prose.matchAll(/`([^`\n]*)`/g)].flatMap(([, code = '']) =>
    [...code.matchAll(/(?<![\w./@-])(?:bench|docs|examples|packages|scripts|testing)\/[\w./*-]*\w/g)]
      .map(([path]) => path)
      .filter((path) => !/\bNAME\b|\*/.test(path)),
  );
}

/** Targets of `[text](target)` and of `src="…"` that are neither addresses nor anchors, without their anchors. */
export function relativeLinks(markdown: string): string[] {
  const prose = markdown.replaceAll(/```[\s\S]*?```/g, '').replaceAll(/`[^`\n]*`/g, '');
  const targets = [...prose.matchAll(/\]\(([^)\s]+)\)|\b(?:src|href)="([^"]+)"/g)].map(
    (match) => match[1] ?? match[2] ?? '',
  );
  return targets
    .filter((target) => !/^([a-z]+:|#|\/\/)/.test(target))
    .map((target) => target.replace(/#.*$/, ''));
}
