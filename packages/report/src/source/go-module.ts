// What a go.mod says: whose module it is, what it requires, and what stands in for that.
import { decodeText } from '@stackpile/profile';
import { joinPath, parentFolder } from '../names/paths.ts';
import type { SourceFiles } from '../context.ts';

/** A longer one is none. */
const MOST_BYTES = 1 << 20;

/** What stands in for a module: a folder, or a version of another one. */
export interface GoReplacement {
  readonly module: string;
  /** '' for all of its versions. */
  readonly version: string;
  readonly by: { readonly folder: string } | { readonly module: string; readonly version: string };
}

/** A module as its go.mod tells it. */
export interface GoModule {
  readonly path: string;
  readonly folder: string;
  /** Version of each required module. */
  readonly requires: ReadonlyMap<string, string>;
  readonly replacements: readonly GoReplacement[];
}

/** The words of a line, without quotes and remarks. */
function words(line: string): string[] {
  return (line.replace(/\/\/.*$/, '').match(/"[^"]*"|`[^`]*`|\S+/g) ?? []).map((word) =>
    word.replace(/^(["`])(.*)\1$/, '$2'),
  );
}

/** Understands a go.mod that lies in `folder`; what it does not know it passes over. */
export function parseGoMod(text: string, folder: string): GoModule {
  let path = '';
  const requires = new Map<string, string>();
  const replacements: GoReplacement[] = [];
  let block = '';
  for (const line of text.split('\n')) {
    const all = words(line);
    if (block === '' && all[1] === '(') {
      block = all[0] ?? '';
      continue;
    }
    if (all[0] === ')') {
      block = '';
      continue;
    }
    const [verb, ...rest] = block === '' ? all : [block, ...all];
    const [first = '', second = ''] = rest;
    if (verb === 'module') path = first;
    else if (verb === 'require' && second !== '') requires.set(first, second);
    else if (verb === 'replace') {
      const arrow = rest.indexOf('=>');
      const [target = '', version = ''] = rest.slice(arrow + 1);
      if (arrow < 1 || target === '') continue;
      const by =
        version === ''
          ? { folder: target.startsWith('/') ? target : joinPath(folder, target) }
          : { module: target, version };
      replacements.push({ module: first, version: arrow === 2 ? second : '', by });
    }
  }
  return { path, folder, requires, replacements };
}

/** The module that `folder` lies in; undefined where none of its parents has a go.mod. */
export function moduleAround(folder: string, files: Pick<SourceFiles, 'read'>): GoModule | undefined {
  for (let at = folder; ; at = parentFolder(at)) {
    const content = files.read(joinPath(at, 'go.mod'));
    if ('bytes' in content && content.bytes.length > 0 && content.bytes.length <= MOST_BYTES)
      return parseGoMod(decodeText(content.bytes), at);
    if (at === parentFolder(at)) return undefined;
  }
}
