// Each file that follows the rules of somebody else's program names the file that has them, in one form; docs/architecture.md lists all.
// The list is written by: node --conditions=stackpile-source scripts/run.mjs scripts/check/upstream.ts
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { type Outcome, root, trackedFiles } from '../house.ts';

const PAGE = 'docs/architecture.md';
const BEGIN = '<!-- upstream: written by scripts/check/upstream.ts -->';
const END = '<!-- /upstream -->';

/** Whose rules are followed, and of when: the state that the tests compare with. */
const versions: Readonly<Record<string, string>> = {
  'golang/go': '1.26.8',
  'google/pprof': '2025-11-14',
  'ianlancetaylor/demangle': '2025-04-17',
};

/** Files that speak of Go's or pprof's ways in their first line and follow no rule of a file, and why. */
const own: Readonly<Record<string, string>> = {
  'packages/agent/src/tasks/states.ts': 'a style of words',
  'packages/cli/src/pprof/web-request.ts': 'the flags are read elsewhere',
  'packages/report/src/int64.ts': 'the arithmetic of the language',
  'packages/ui/src/graph/heat.ts': 'it reads what the report room has written',
  'packages/ui/src/graph/style-dot.ts': 'it restyles what the report room has written',
  'packages/ui/src/views/graph.tsx': 'it draws what the report room has written',
};

/** A line `// Upstream: OWNER/REPOSITORY PATH…, VERSION`. */
export interface Upstream {
  readonly project: string;
  readonly paths: readonly string[];
  readonly version: string;
}

/** The line of a source, null where it has none, or what is wrong with it. */
export function upstreamOf(source: string): Upstream | string | null {
  const head = /^(?:\/\/.*\n)*/.exec(source)?.[0] ?? '';
  const lines = head.split('\n').filter((line) => /\bupstream\b/i.test(line));
  const [line] = lines;
  if (line === undefined) return /^\/\/ Upstream/m.test(source) ? 'its upstream is not in its head' : null;
  if (lines.length > 1) return 'its head names its upstream twice';
  const [, project = '', paths = '', version = ''] =
    /^\/\/ Upstream: ([\w-]+\/[\w.-]+)((?: [\w./-]+\.go)+), ([\d.-]+)$/.exec(line) ?? [];
  if (project === '') return `${line}: write // Upstream: OWNER/REPOSITORY FILE.go…, VERSION`;
  return { project, paths: paths.trim().split(' '), version };
}

/** The sources that name their upstream, and what is wrong, a line each. */
function readSources(): { readonly found: ReadonlyMap<string, Upstream>; readonly faults: string[] } {
  const found = new Map<string, Upstream>();
  const faults: string[] = [];
  const stale = new Set(Object.keys(own));
  for (const path of trackedFiles()) {
    if (!/^packages\/[^/]+\/src\/.*\.tsx?$/.test(path)) continue;
    const source = readFileSync(join(root, path), 'utf8');
    const upstream = upstreamOf(source);
    const speaksOf = /^\/\/.*\b(?:pprof|Go)'s\b/.test(source);
    if (typeof upstream === 'string') faults.push(`${path}: ${upstream}`);
    else if (upstream === null) {
      if (speaksOf && !stale.delete(path))
        faults.push(`${path}: whose file are the rules that it speaks of?`);
    } else if (versions[upstream.project] !== upstream.version)
      faults.push(
        `${path}: ${upstream.project} is followed as of ${versions[upstream.project] ?? 'no time'}`,
      );
    else found.set(path, upstream);
  }
  for (const path of stale) faults.push(`${path}: is on the list in upstream.ts for nothing`);
  return { found, faults };
}

/** The list for the page: files of ours by file of theirs. */
export function upstreamTable(found: ReadonlyMap<string, Upstream>): string {
  const ours = new Map<string, string[]>();
  for (const [path, { project, paths, version }] of found) {
    for (const theirs of paths) {
      const key = `${project} ${version} | ${theirs}`;
      const files = ours.get(key);
      if (files === undefined) ours.set(key, [path]);
      else files.push(path);
    }
  }
  const link = (path: string): string => {
    const [, room = '', file = ''] = /^packages\/([^/]+)\/src\/(.*)$/.exec(path) ?? [];
    return `[${room}/${file}](../${path})`;
  };
  const rows = [...ours]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([theirs, files]) => `| ${theirs} | ${files.map(link).join(', ')} |`);
  return ['| theirs, as of | file | ours |', '|---|---|---|', ...rows].join('\n');
}

/** The page with the list in it; null where it has no place for it. */
function pageWith(table: string): { readonly is: string; readonly should: string } | null {
  const path = join(root, PAGE);
  const is = existsSync(path) ? readFileSync(path, 'utf8') : '';
  const [begin, end] = [is.indexOf(BEGIN), is.indexOf(END)];
  if (begin < 0 || end < begin) return null;
  return { is, should: `${is.slice(0, begin + BEGIN.length)}\n${table}\n${is.slice(end)}` };
}

export function checkUpstream(): Outcome {
  const { found, faults } = readSources();
  const page = pageWith(upstreamTable(found));
  if (page === null) faults.push(`${PAGE}: there is no ${BEGIN} … ${END}`);
  else if (page.is !== page.should)
    faults.push(`${PAGE}: its list of upstream files is not that of the sources`);
  return { ok: faults.length === 0, said: faults.join('\n') };
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const page = pageWith(upstreamTable(readSources().found));
  if (page !== null) writeFileSync(join(root, PAGE), page.should);
}
