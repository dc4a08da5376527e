// Regular expressions: what somebody typed, compiled; a name as one.

/** What a regular expression typed by the user became: an expression, or the reason why it is none. */
export type Pattern = { readonly expression: RegExp | null; readonly error: string };

/** Compiles what the user typed; case-insensitive unless it has an upper-case letter. Go's `(?i)` prefix is understood. */
export function compilePattern(source: string): Pattern {
  if (source === '') return { expression: null, error: '' };
  const insensitive = source.startsWith('(?i)');
  const body = insensitive ? source.slice(4) : source;
  try {
    return {
      expression: new RegExp(body, insensitive || body === body.toLowerCase() ? 'iu' : 'u'),
      error: '',
    };
  } catch {
    try {
      // Without the u flag more is allowed, such as `\-` or a lone brace.
      return {
        expression: new RegExp(body, insensitive || body === body.toLowerCase() ? 'i' : ''),
        error: '',
      };
    } catch (error) {
      return { expression: null, error: error instanceof Error ? error.message : String(error) };
    }
  }
}

/** A regular expression that matches exactly `name`. */
export function exactPattern(name: string): string {
  return `^${name.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&')}$`;
}
