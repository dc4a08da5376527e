// Source text as coloured tokens per line, without HTML: highlight.js for the languages that stacks come from.
import hljs from 'highlight.js/lib/core';
import go from 'highlight.js/lib/languages/go';
import typescript from 'highlight.js/lib/languages/typescript';
import { parseHtml } from './trusted.ts';

hljs.registerLanguage('typescript', typescript);
hljs.registerLanguage('go', go);

export interface Token {
  /** highlight.js's class, '' for plain text. */
  readonly kind: string;
  readonly text: string;
}

/** Above this size a file is shown without colours: colouring would freeze the page. */
const maxLength = 400_000;

export function highlightLines(content: string, file: string): Token[][] {
  const language = file.endsWith('.go') ? 'go' : /\.[cm]?[jt]sx?$/.test(file) ? 'typescript' : '';
  const plain = (): Token[][] => content.split(/\r?\n/).map((text) => [{ kind: '', text }]);
  if (language === '' || content.length > maxLength) return plain();
  const lines: Token[][] = [[]];
  const walk = (node: Node, kind: string): void => {
    if (node.nodeType === 3) {
      const parts = (node.textContent ?? '').split('\n');
      for (const [index, text] of parts.entries()) {
        if (index > 0) lines.push([]);
        if (text !== '') lines.at(-1)?.push({ kind, text });
      }
      return;
    }
    const own = node instanceof Element ? (/^hljs-[\w-]+/.exec(node.className)?.[0] ?? kind) : kind;
    for (const child of node.childNodes) walk(child, own);
  };
  try {
    const html = hljs.highlight(content.replaceAll('\r\n', '\n'), { language, ignoreIllegals: true }).value;
    const root = parseHtml(`<pre>${html}</pre>`).querySelector('pre');
    if (root === null) return plain();
    for (const child of root.childNodes) walk(child, '');
  } catch {
    return plain();
  }
  return lines;
}
