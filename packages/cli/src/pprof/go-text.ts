// How Go's strings package cuts white space.
// Upstream: golang/go src/strings/strings.go, 1.26.8

const SPACE = '[\\t\\n\\v\\f\\r \\u0085\\u00a0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000]';
const EDGES = new RegExp(`^${SPACE}+|${SPACE}+$`, 'g');
const SPACES = new RegExp(`${SPACE}+`);

/** `strings.TrimSpace`. */
export function trimGoSpace(text: string): string {
  return text.replace(EDGES, '');
}

/** `strings.Fields`: the words between runs of white space. */
export function goFields(text: string): string[] {
  return text.split(SPACES).filter((word) => word !== '');
}
