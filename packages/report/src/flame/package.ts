// Which package a frame belongs to: what is coloured, grouped and collapsed as one.
import { goPackage, languageOf } from '@stackpile/profile';

/**
 * The package of a function by its name and file: `express` or `@scope/name` below node_modules, `node:net`, Go's import
 * path, else the directory of the file; '' where nothing is known.
 */
export function packageOf(name: string, file: string): string {
  if (file.startsWith('node:')) return file.split('/', 1)[0] ?? file;
  const path = file.includes('\\') ? file.replaceAll('\\', '/') : file;
  const modules = path.lastIndexOf('node_modules/');
  if (modules >= 0) {
    const parts = path.slice(modules + 13).split('/', 2);
    const first = parts[0] ?? '';
    return first.startsWith('@') ? `${first}/${parts[1] ?? ''}` : first;
  }
  if (languageOf(path) === 'go') return goPackage(name);
  if (path === '') return name.includes('/') || /^\w+\.\S/.test(name) ? goPackage(name) : '';
  const slash = path.lastIndexOf('/');
  return slash < 0 ? '' : path.slice(0, slash);
}
