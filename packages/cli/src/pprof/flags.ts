// Command line flags in the syntax of Go's flag package, with its messages.
// Upstream: golang/go src/flag/flag.go, 1.26.8
import { quoteGo } from '@stackpile/profile';
import { parseGoBool, parseGoFloat, parseGoInt } from '@stackpile/report';

/** What a flag takes. Only `bool` flags can stand without a value. */
export type FlagType = 'bool' | 'int' | 'float' | 'string' | 'strings';

/** Value of a flag; `strings` collects one entry per use, every other type keeps the last one. */
export type FlagValue = boolean | number | string | readonly string[];

/** Result of {@link parseFlags}. */
export type ParsedFlags =
  | {
      readonly kind: 'parsed';
      /** Flags that were given, by name. */
      readonly values: ReadonlyMap<string, FlagValue>;
      /** Everything from the first argument on that is not a flag. */
      readonly rest: readonly string[];
    }
  /** `-h` or `-help`, which no flag was defined for. */
  | { readonly kind: 'help' }
  | { readonly kind: 'error'; readonly message: string; readonly unknown?: string };

function setting(name: string, type: FlagType, text: string): FlagValue | { readonly error: string } {
  switch (type) {
    case 'bool': {
      const value = parseGoBool(text);
      return value ?? { error: `invalid boolean value ${quoteGo(text)} for -${name}: parse error` };
    }
    case 'int':
    case 'float': {
      const parsed = type === 'int' ? parseGoInt(text, true) : parseGoFloat(text);
      if (typeof parsed !== 'string') return Number(parsed);
      const reason = parsed === 'invalid syntax' ? 'parse error' : parsed;
      return { error: `invalid value ${quoteGo(text)} for flag -${name}: ${reason}` };
    }
    default:
      return text;
  }
}

/**
 * Reads `-x`, `--x`, `-x=v`, `--x=v` and `-x v` up to the first argument that is not a flag, or `--`; a lone `-` is not a flag.
 *
 * @param types every defined flag
 */
export function parseFlags(argv: readonly string[], types: ReadonlyMap<string, FlagType>): ParsedFlags {
  const values = new Map<string, FlagValue>();
  let next = 0;
  while (next < argv.length) {
    const arg = argv[next] ?? '';
    if (arg.length < 2 || !arg.startsWith('-')) break;
    next++;
    if (arg === '--') break;
    const body = arg.slice(arg.startsWith('--') ? 2 : 1);
    if (body === '' || body.startsWith('-') || body.startsWith('=')) {
      return { kind: 'error', message: `bad flag syntax: ${arg}` };
    }
    const equals = body.indexOf('=');
    const name = equals < 0 ? body : body.slice(0, equals);
    let text = equals < 0 ? undefined : body.slice(equals + 1);
    const type = types.get(name);
    if (type === undefined) {
      if (name === 'h' || name === 'help') return { kind: 'help' };
      return { kind: 'error', message: `flag provided but not defined: -${name}`, unknown: name };
    }
    if (text === undefined) {
      if (type === 'bool') {
        text = 'true';
      } else {
        if (next >= argv.length) return { kind: 'error', message: `flag needs an argument: -${name}` };
        text = argv[next++] ?? '';
      }
    }
    const value = setting(name, type, text);
    if (typeof value === 'object' && 'error' in value) return { kind: 'error', message: value.error };
    if (type === 'strings') {
      const earlier = values.get(name);
      values.set(name, [...(Array.isArray(earlier) ? (earlier as string[]) : []), text]);
    } else {
      values.set(name, value);
    }
  }
  return { kind: 'parsed', values, rest: argv.slice(next) };
}
