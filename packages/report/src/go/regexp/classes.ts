// Classes with a name: Perl's, POSIX', and Unicode's categories and scripts.
// Upstream: golang/go src/regexp/syntax/perl_groups.go src/unicode/tables.go, 1.26.8
import { asciiWord, CharSet, expression } from './charset.ts';

/** Perl's, as they are written. */
export const perlClasses: ReadonlyMap<string, CharSet> = new Map<string, CharSet>([
  ['\\d', CharSet.of(0x30, 0x39)],
  ['\\s', CharSet.of(9, 10, 12, 13, 32, 32)],
  ['\\w', asciiWord],
]);

/** POSIX', by name. */
export const posixClasses: ReadonlyMap<string, CharSet> = new Map<string, CharSet>([
  ['alnum', CharSet.of(0x30, 0x39, 0x41, 0x5a, 0x61, 0x7a)],
  ['alpha', CharSet.of(0x41, 0x5a, 0x61, 0x7a)],
  ['ascii', CharSet.of(0, 0x7f)],
  ['blank', CharSet.of(9, 9, 32, 32)],
  ['cntrl', CharSet.of(0, 0x1f, 0x7f, 0x7f)],
  ['digit', CharSet.of(0x30, 0x39)],
  ['graph', CharSet.of(0x21, 0x7e)],
  ['lower', CharSet.of(0x61, 0x7a)],
  ['print', CharSet.of(0x20, 0x7e)],
  ['punct', CharSet.of(0x21, 0x2f, 0x3a, 0x40, 0x5b, 0x60, 0x7b, 0x7e)],
  ['space', CharSet.of(9, 13, 32, 32)],
  ['upper', CharSet.of(0x41, 0x5a)],
  ['word', asciiWord],
  ['xdigit', CharSet.of(0x30, 0x39, 0x41, 0x46, 0x61, 0x66)],
]);

/** General categories by the names that JavaScript knows, in Go's canonical spelling (one capital, no separators). */
const categories =
  'C Cc Cf Cn Co Cs L Ll Lm Lo Lt Lu M Mc Me Mn N Nd Nl No P Pc Pd Pe Pf Pi Po Ps S Sc Sk Sm So Z Zl Zp Zs LC ' +
  'Other Control Format Unassigned Private_Use Surrogate Letter Lowercase_Letter Modifier_Letter Other_Letter ' +
  'Titlecase_Letter Uppercase_Letter Cased_Letter Mark Spacing_Mark Enclosing_Mark Nonspacing_Mark Combining_Mark Number ' +
  'Decimal_Number Letter_Number Other_Number Punctuation Connector_Punctuation Dash_Punctuation Close_Punctuation ' +
  'Final_Punctuation Initial_Punctuation Other_Punctuation Open_Punctuation Symbol Currency_Symbol Modifier_Symbol ' +
  'Math_Symbol Other_Symbol Separator Line_Separator Paragraph_Separator Space_Separator digit punct cntrl';

/** The Unicode class `name` (a category or a script, whatever its case and separators), or null. */
export function unicodeSet(name: string, fold: boolean): CharSet | null {
  const plain = name.replace(/[-_ ]/g, '').toLowerCase();
  if (plain === 'any') return CharSet.any;
  if (plain === 'ascii') return fold ? CharSet.of(0, 0x7f).fold() : CharSet.of(0, 0x7f);
  // What differs in case only is assigned as well, and a negative class that folds is everything to JavaScript.
  if (plain === 'assigned') return CharSet.with(expression('\\P{Cn}', false));
  const category = categories.split(' ').find((word) => word.replaceAll('_', '').toLowerCase() === plain);
  if (category !== undefined) return CharSet.with(expression(`\\p{${category}}`, fold));
  if (!/^[a-z]+$/.test(plain) || plain === 'unknown') return null;
  // Four letters would name scripts by their ISO codes too, which Go does not know.
  if (plain.length === 4 && !shortScripts.has(plain)) return null;
  // Scripts of more than one word are out of reach for Go, whose table keeps their underscores.
  try {
    const script = `${(plain[0] as string).toUpperCase()}${plain.slice(1)}`;
    return CharSet.with(expression(`\\p{Script=${script}}`, fold));
  } catch {
    return null;
  }
}

const shortScripts = new Set('ahom cham kawi lisu modi newa thai toto'.split(' '));
