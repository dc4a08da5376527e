// File names as Go's path/filepath treats them (Unix rules).
// Upstream: golang/go src/path/filepath/path.go, 1.26.8

/** filepath.Base: the last element, without trailing slashes; '.' for '', '/' for slashes only. */
export function baseName(path: string): string {
  if (path === '') return '.';
  let end = path.length;
  while (end > 0 && path[end - 1] === '/') end--;
  if (end === 0) return '/';
  return path.slice(path.lastIndexOf('/', end - 1) + 1, end);
}

/** filepath.Clean: the shortest equivalent path. */
export function cleanPath(path: string): string {
  if (path === '') return '.';
  // Most paths are clean already.
  if (!/\/\/|\/$|(?:^|\/)\.\.?(?:\/|$)/.test(path)) return path;
  const rooted = path.startsWith('/');
  const out: string[] = [];
  for (const part of path.split('/')) {
    if (part === '' || part === '.') continue;
    if (part === '..') {
      if (out.length > 0 && out.at(-1) !== '..') out.pop();
      else if (!rooted) out.push('..');
    } else out.push(part);
  }
  const joined = out.join('/');
  if (rooted) return `/${joined}`;
  return joined === '' ? '.' : joined;
}

/** filepath.Join of a folder and a name; '' is no folder. */
export function joinPath(folder: string, name: string): string {
  return cleanPath(folder === '' ? name : `${folder}/${name}`);
}

/** filepath.Dir: everything before the last element; '.' where there is nothing before it. */
export function parentFolder(path: string): string {
  return cleanPath(path.slice(0, path.lastIndexOf('/') + 1));
}

/** filepath.SplitList: the entries of a `:` list, none for ''. */
export function splitList(list: string): string[] {
  return list === '' ? [] : list.split(':');
}

/**
 * Takes the prefixes of a foreign machine off a file name. `trimPath` lists prefixes; without it the base names of the
 * folders of `searchPath` are looked for in the name.
 */
export function trimFileName(name: string, trimPath: string, searchPath: string): string {
  if (trimPath === '') {
    for (const folder of splitList(searchPath)) {
      const want = `/${baseName(folder)}/`;
      const found = name.indexOf(want);
      if (found >= 0) return name.slice(found + want.length);
    }
  }
  for (const entry of [...splitList(trimPath), '/proc/self/cwd/./', '/proc/self/cwd/']) {
    const prefix = entry.endsWith('/') ? entry : `${entry}/`;
    if (name.startsWith(prefix)) return name.slice(prefix.length);
  }
  return name;
}
