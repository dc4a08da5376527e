// Regular expressions compiled as reports compile them, matched in linear time.
import { compilePattern, type Pattern } from '@stackpile/report/filters';
import { searchFilter } from '../pattern.ts';

/** What a search became: an expression, or the reason why it is none; neither for ''. */
export interface Search {
  readonly pattern: Pattern | null;
  readonly error: string;
}

/** Compiles what stands in a search box: case counts only where it has an upper-case letter. */
export function compileSearch(source: string): Search {
  // What is wrong is said of what was typed.
  const typed = compile(source);
  return typed.pattern === null ? typed : compile(searchFilter(source));
}

/** Compiles a pattern that means what a filter means: case counts unless it says `(?i)`. */
export function compile(source: string): Search {
  if (source === '') return { pattern: null, error: '' };
  const compiled = compilePattern(source);
  return typeof compiled === 'string'
    ? { pattern: null, error: inWords(compiled) }
    : { pattern: compiled, error: '' };
}

/** What Go's words for a malformed expression mean to whoever typed it. */
const words: readonly (readonly [said: RegExp, meant: string])[] = [
  [/^missing closing \)/, 'a ( has no )'],
  [/^unexpected \)/, 'a ) has no ('],
  [/^missing closing \]/, 'a [ has no ]'],
  [/^missing argument to repetition operator: `(.+)`/, 'nothing stands before $1'],
  [/^invalid nested repetition operator: `(.+)`/, '$1 repeats what is repeated already'],
  [/^invalid character class range: `(.+)`/, '$1 is no range of characters'],
  [/^invalid escape sequence: `(.+)`/, '$1 means nothing'],
  [/^trailing backslash/, 'it ends in a \\'],
  [/^invalid repeat count: `(.+)`/, '$1 cannot be a number of times'],
  [/^invalid or unsupported Perl syntax: `(.+)`/, '$1 is not supported'],
  [/^invalid (?:named capture|UTF-8)/, '$&'],
  [/^expression (?:nests too deeply|too large)/, 'it is too long'],
];

/** The reason why an expression is none, in words for whoever typed it. */
export function inWords(error: string): string {
  const plain = error.replace(/^error parsing regexp: /, '');
  for (const [said, meant] of words) {
    if (said.test(plain))
      return `no regular expression, as ${plain.replace(new RegExp(`${said.source}[^]*$`), meant)}; a \\ before a sign means the sign itself`;
  }
  return plain;
}
