// Makes the module of the decoder's kernel out of its text: node --conditions=stackpile-source scripts/run.mjs scripts/kernel.ts
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { pathToFileURL } from 'node:url';
import * as layout from '../packages/profile/src/proto/kernel/layout.ts';
import { root, run } from './house.ts';

const kernel = join(root, 'packages/profile/src/proto/kernel');

/** Bytes of a page of WebAssembly's memory. */
const PAGE = 1 << 16;
/** Bytes of a word of the header. */
const WORD = 4;

/** What stands for each name in angle brackets. */
function numbers(): ReadonlyMap<string, number> {
  const { At, Header, Numbers, ...rest } = layout;
  const names: [string, unknown][] = [
    ...Object.entries(rest),
    ['PAGES', Math.ceil(layout.MEMORY_BYTES / PAGE)],
    ['RESULT_BYTES', (Header.text - Header.samples + 1) * WORD],
    ...Object.entries(At).map(([name, at]) => [`At.${name}`, at] as [string, unknown]),
    ...Object.entries(Header).map(([name, word]) => [`Header.${name}`, word * WORD] as [string, unknown]),
    ...Object.entries(Numbers).map(([name, column]) => [`Numbers.${name}`, column] as [string, unknown]),
  ];
  return new Map(names.flatMap(([name, value]) => (typeof value === 'number' ? [[name, value]] : [])));
}

/** The text with a number for each name in angle brackets. Throws where one stands for none. */
export function withNumbers(text: string, known: ReadonlyMap<string, number> = numbers()): string {
  return text.replaceAll(/<([\w.]+)>/g, (_, name: string) => {
    const value = known.get(name);
    if (value === undefined) throw new Error(`kernel.wat: layout.ts has no ${name}`);
    return String(value);
  });
}

/** The file that holds the module, and what it should say. Throws what is wrong with the text. */
export async function kernelModuleFile(): Promise<{ path: string; text: string }> {
  const folder = mkdtempSync(join(tmpdir(), 'stackpile-kernel-'));
  try {
    const module = join(folder, 'kernel.wasm');
    const text = join(folder, 'kernel.wat');
    writeFileSync(text, withNumbers(readFileSync(join(kernel, 'kernel.wat'), 'utf8')));
    const { status, output } = await run('wat2wasm', [text, '-o', module]);
    if (status !== 0) throw new Error(output.trim());
    const base64 = readFileSync(module).toString('base64');
    const source = `// kernel.wat as a module, in base64: made by scripts/kernel.ts, and compared by the check \`kernel\`.
export const kernelModule =
  '${base64}';
`;
    return { path: join(kernel, 'module.ts'), text: source };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const { path, text } = await kernelModuleFile();
  writeFileSync(path, text);
}
