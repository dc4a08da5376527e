// From a place in a profile to the line in the reader's own editor: an address that the system hands to it.
import { signal, type Signal } from '@preact/signals';

/** An editor that can be opened by an address. */
export interface Editor {
  readonly name: string;
  readonly template: string;
}

/** `{path}` is absolute, with `/`; `{line}` and `{column}` count from 1. */
export const editors: readonly Editor[] = [
  { name: 'VS Code', template: 'vscode://file{path}:{line}:{column}' },
  { name: 'Cursor', template: 'cursor://file{path}:{line}:{column}' },
  { name: 'WebStorm', template: 'webstorm://open?file={path}&line={line}' },
  { name: 'IntelliJ IDEA', template: 'idea://open?file={path}&line={line}' },
  { name: 'GoLand', template: 'goland://open?file={path}&line={line}' },
  { name: 'Zed', template: 'zed://file{path}:{line}:{column}' },
];

const keys = { template: 'stackpile-editor', folder: 'stackpile-folder' } as const;

/** What a browser keeps of this page; '' where there is nothing or it keeps nothing. */
function kept(key: string): string {
  try {
    return localStorage.getItem(key) ?? '';
  } catch {
    return '';
  }
}

const first = editors[0]?.template ?? '';
/** How an address is written; kept by this browser. */
export const editorTemplate: Signal<string> = signal(first);
/** The folder that relative paths are below, '' where none was said; kept by this browser. */
export const sourceFolder: Signal<string> = signal('');

/** Takes what this browser kept; once, before anything is drawn. */
export function readEditor(): void {
  const template = kept(keys.template);
  if (templateProblem(template) === '') editorTemplate.value = template;
  sourceFolder.value = kept(keys.folder);
}

/** Takes a choice, for this browser. */
export function keepEditor(template: string, folder: string): void {
  editorTemplate.value = template;
  sourceFolder.value = folder.trim();
  try {
    localStorage.setItem(keys.template, template);
    localStorage.setItem(keys.folder, folder.trim());
  } catch {
    // A browser that keeps nothing has it until the page is closed.
  }
}

/** Why a template is none, in words; '' where it is one. */
export function templateProblem(template: string): string {
  const scheme = /^([a-z][a-z\d+.-]*):/i.exec(template)?.[1]?.toLowerCase();
  if (scheme === undefined) return 'It begins with the name of a scheme, as vscode://.';
  if (['javascript', 'data', 'vbscript', 'blob', 'file', 'about'].includes(scheme))
    return `${scheme}: opens no editor.`;
  return template.includes('{path}') ? '' : 'It needs {path} where the path of the file belongs.';
}

/** What the editor of a template is called. */
export function editorName(template: string): string {
  return editors.find((one) => one.template === template)?.name ?? 'your editor';
}

/** Whether a file of a profile may be one of somebody's disk: not a module of Node's, an address, or a name in brackets. */
export function isLocal(file: string): boolean {
  return file !== '' && !/^(?:[<([]|node:|https?:|webpack|evalmachine|wasm:|data:|blob:)/i.test(file);
}

/** The absolute path, with `/` before each part, of a file as a profile names it; null where it is relative and no folder is known. */
export function absolutePath(file: string, folder: string): string | null {
  let path = file;
  if (/^file:/i.test(path)) {
    try {
      path = decodeURIComponent(new URL(path).pathname);
    } catch {
      return null;
    }
  }
  const absolute = /^(?:[\\/]|[a-z]:[\\/])/i.test(path);
  if (!absolute && folder === '') return null;
  const parts = `${absolute ? '' : `${folder}/`}${path}`.split(/[\\/]+/).filter((part) => part !== '');
  if (parts.length === 0 || parts.includes('..')) return null;
  // One slash before each: two at the beginning would name another machine to Windows.
  return parts.map((part) => `/${part}`).join('');
}

/** The address that opens an absolute path of {@link absolutePath} in the editor of `template`. */
export function editorAddress(template: string, path: string, line: number, column = 1): string {
  const encoded = path
    .split('/')
    .map((part, index) => (index === 1 && /^[a-z]:$/i.test(part) ? part : encodeURIComponent(part)))
    .join('/');
  const at = template.indexOf('{path}');
  const before = template.slice(0, at);
  // Whoever writes `file/{path}` means one slash.
  const start = before.endsWith('/') && !before.endsWith('//') ? before.slice(0, -1) : before;
  return `${start}${encoded}${template.slice(at + '{path}'.length)}`
    .replaceAll('{line}', String(Math.max(1, line)))
    .replaceAll('{column}', String(Math.max(1, column)));
}
