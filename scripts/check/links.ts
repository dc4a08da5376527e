// Every relative link of a committed Markdown page leads to a committed file, every room has a README of 5 to 15 lines.
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { type Outcome, root, trackedFiles } from '../house.ts';

const ROOM_LINES = { least: 5, most: 15 };

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
  }
  for (const manifest of files.filter((path) => /^packages\/[^/]+\/package\.json$/.test(path))) {
    const readme = join(dirname(manifest), 'README.md');
    if (!known.has(readme)) {
      said.push(`${readme}: missing`);
      continue;
    }
    const text = readFileSync(join(root, readme), 'utf8').trimEnd();
    // A table may be as long as what it lists.
    const lines = text.split('\n').filter((line) => !line.startsWith('|')).length;
    if (lines < ROOM_LINES.least || lines > ROOM_LINES.most) {
      said.push(`${readme}: ${lines} lines, not ${ROOM_LINES.least} to ${ROOM_LINES.most}`);
    }
  }
  return { ok: said.length === 0, said: said.join('\n') };
}

function folders(path: string): string[] {
  const parts = path.split('/');
  return parts.slice(1).map((_, index) => parts.slice(0, index + 1).join('/'));
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
