// Text of hostile profiles made safe to show: controls and bidi marks visible, length bounded, paths shortened.

/** C0/C1 controls, bidi overrides and isolates, zero-width marks, line separators, lone surrogates. */
// biome-ignore lint: the point of this expression is control characters
const unsafe =
  /[\u0000-\u001f\u007f-\u009f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/gu;

/** Longest name shown anywhere, in UTF-16 units; the rest is cut with an ellipsis. */
export const maxShownLength = 2000;

/** `text` with every invisible or direction-changing character written as `\uXXXX`, cut at `limit` characters. */
export function visibleText(text: string, limit: number = maxShownLength): string {
  const cut = text.length > limit ? `${text.slice(0, limit)}…` : text;
  // Nearly every name is plain ASCII, and this test costs a fraction of the search below.
  if (/^[\x20-\x7e]*$/.test(cut)) return cut;
  return cut.replace(unsafe, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

/** The short form of a function name: Go's import path and generic arguments, C++'s and JavaScript's qualifiers cut. */
export function shortName(name: string): string {
  const slash = name.startsWith('(') ? -1 : lastSlashOutsideBrackets(name);
  if (slash < 0 || slash === name.length - 1) return name;
  // `go-redis/v9.(*PubSub)`: a major version alone says nothing.
  const from = /^v\d+\./.test(name.slice(slash + 1)) ? name.lastIndexOf('/', slash - 1) : slash;
  return name.slice(from + 1);
}

function lastSlashOutsideBrackets(name: string): number {
  const bracket = name.search(/[[(<]/);
  return name.lastIndexOf('/', bracket < 0 ? name.length : bracket);
}

/** The last `parts` elements of a path, without `file://`: enough to recognise a file in a narrow column. */
export function shortPath(path: string, parts = 2): string {
  const plain = path.replace(/^file:\/\//, '').replace(/[?#].*$/, '');
  const elements = plain.split(/[\\/]/).filter((part) => part !== '');
  return elements.length <= parts ? plain : elements.slice(-parts).join('/');
}
