// Source text as coloured tokens per line, for the languages that stacks come from: TypeScript, JavaScript and Go.
import { languageOf } from '@stackpile/profile';

export interface Token {
  /** `keyword`, `string`, `comment`, `number`, `title` or '' for plain text. */
  readonly kind: string;
  readonly text: string;
}

/** Above this size a file is shown without colours: nobody reads it from end to end. */
const maxLength = 1_000_000;

const words = {
  javascript:
    'abstract any as asserts async await bigint boolean break case catch class const continue debugger declare default delete do else enum export extends false finally for from function get if implements import in infer instanceof interface is keyof let namespace never new null number object of override private protected public readonly return satisfies set static string super switch symbol this throw true try type typeof undefined unknown using var void while with yield',
  go: 'any append bool break byte case chan close const continue copy default defer delete else error fallthrough false for func go goto if import int int32 int64 interface len make map new nil package panic range return rune select string struct switch true type uint8 uint32 uint64 var',
} as const;

/** What may stand in front of a regular expression; behind anything else a slash divides. */
const beforeRegexp = /(?:^|[(,=:[!&|?{};+\-*%~^<>]|\b(?:return|typeof|case|in|of|await|yield))\s*$/;

const rules = {
  javascript:
    /(\/\/.*|\/\*[^]*?(?:\*\/|$))|('(?:[^'\\\n]|\\[^])*'?|"(?:[^"\\\n]|\\[^])*"?|`(?:[^`\\]|\\[^])*`?)|(\/(?![/*])(?:[^\\/[\n]|\\.|\[(?:[^\]\\\n]|\\.)*\])+\/[a-z]*)|(\b(?:0[xob][\da-f_]+|\d[\d_]*\.?\d*(?:e[+-]?\d+)?)n?\b)|([A-Za-z_$][\w$]*)/gi,
  go: /(\/\/.*|\/\*[^]*?(?:\*\/|$))|("(?:[^"\\\n]|\\.)*"?|`[^`]*`?|'(?:[^'\\\n]|\\.)*'?)|((?!))|(\b(?:0[xob][\da-f_]+|\d[\d_]*\.?\d*(?:e[+-]?\d+)?)\b)|([A-Za-z_]\w*)/gi,
} as const;

/** The tokens of each line of a file; without colours for other languages. Never throws, whatever the text is. */
export function highlightLines(content: string, file: string): Token[][] {
  const language = languageOf(file);
  const text = content.replaceAll('\r\n', '\n');
  if (language === null || text.length > maxLength)
    return text.split('\n').map((line) => [{ kind: '', text: line }]);
  const keywords = new Set(words[language].split(' '));
  const lines: Token[][] = [[]];
  const put = (part: string, kind: string): void => {
    for (const [index, line] of part.split('\n').entries()) {
      if (index > 0) lines.push([]);
      if (line === '') continue;
      const tokens = lines.at(-1) as Token[];
      const last = tokens.at(-1);
      // Neighbours of one kind are one token: a page has a span for each.
      if (last !== undefined && last.kind === kind)
        tokens[tokens.length - 1] = { kind, text: last.text + line };
      else tokens.push({ kind, text: line });
    }
  };
  const rule = new RegExp(rules[language]);
  let at = 0;
  for (let match = rule.exec(text); match !== null; match = rule.exec(text)) {
    const [whole, comment, string, regexp, number, word] = match;
    if (regexp !== undefined && !beforeRegexp.test(text.slice(Math.max(0, match.index - 24), match.index))) {
      // A division: go on behind its slash.
      rule.lastIndex = match.index + 1;
      continue;
    }
    put(text.slice(at, match.index), '');
    at = match.index + whole.length;
    if (comment !== undefined) put(whole, 'comment');
    else if (string !== undefined || regexp !== undefined) put(whole, 'string');
    else if (number !== undefined) put(whole, 'number');
    else if (keywords.has(word ?? '') && text[match.index - 1] !== '.') put(whole, 'keyword');
    else put(whole, /^\s*(?:<[\w\s,]*>)?\(/.test(text.slice(at, at + 60)) ? 'title' : '');
  }
  put(text.slice(at), '');
  return lines;
}
