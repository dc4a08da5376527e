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
    ? { pattern: null, error: compiled.replace(/^error parsing regexp: /, '') }
    : { pattern: compiled, error: '' };
}
