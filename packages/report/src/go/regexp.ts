// Regular expressions in Go's syntax: compiled once, matched in linear time.
// Upstream: golang/go src/regexp/regexp.go, 1.26.8
import { Automaton } from './regexp/match.ts';
import { type Node, parsePattern, PatternError } from './regexp/parse.ts';

/** A compiled regular expression; matches anywhere in a text, as Go's MatchString. */
export interface Pattern {
  /** The expression as written. */
  readonly source: string;
  test(text: string): boolean;
}

/** Compiles `source`; answers Go's error message where it is malformed. */
export function compilePattern(source: string): Pattern | string {
  let node: Node;
  try {
    node = parsePattern(source);
  } catch (error) {
    if (error instanceof PatternError) return error.message;
    throw error;
  }
  const literals = literalsOf(node);
  if (literals !== null) {
    if (literals.includes('')) return { source, test: () => true };
    const [only] = literals;
    if (only !== undefined && literals.length === 1) return { source, test: (text) => text.includes(only) };
    return { source, test: (text) => literals.some((literal) => text.includes(literal)) };
  }
  // Made when first asked: many patterns never are.
  let automaton: Automaton | undefined;
  return { source, test: (text) => (automaton ??= new Automaton(node)).test(text) };
}

/** The texts of which one must occur, where that is all an expression says; else null. */
function literalsOf(node: Node): string[] | null {
  if (node.op !== 'alternate') {
    const text = literalOf(node);
    return text === null ? null : [text];
  }
  const texts: string[] = [];
  for (const sub of node.subs) {
    const text = literalOf(sub);
    if (text === null) return null;
    texts.push(text);
  }
  return texts.length <= 8 ? texts : null;
}

function literalOf(node: Node): string | null {
  if (node.op === 'empty') return '';
  const subs = node.op === 'concat' ? node.subs : [node];
  let text = '';
  for (const sub of subs) {
    const point = sub.op === 'set' ? sub.set.single : -1;
    // U+FFFD also matches bytes that are not UTF-8.
    if (point < 0 || point === 0xfffd) return null;
    text += String.fromCodePoint(point);
  }
  return text;
}
