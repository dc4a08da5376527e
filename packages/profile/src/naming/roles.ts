// What a function without a name is there for, in words: by the place at which its text stands.

/** The place of an expression: what is done with its value. */
export type Anchor =
  | { readonly kind: 'none' }
  /** An argument. `literal` is the first argument where that is a plain string. */
  | { readonly kind: 'call'; readonly callee: string; readonly isNew: boolean; literal: string }
  /** Assigned to a variable or a property. */
  | { readonly kind: 'bound'; readonly name: string }
  /** The value of a property in an object literal. */
  | { readonly kind: 'key'; readonly key: string; readonly of: Anchor }
  | { readonly kind: 'element'; readonly of: Anchor }
  | { readonly kind: 'method' }
  | { readonly kind: 'returned' }
  | { readonly kind: 'export' };

export const NO_ANCHOR: Anchor = { kind: 'none' };

/** What a function is there for. */
export interface Role {
  readonly words: string;
  /**
   * - `name`: the words are as good as a name (`socket.onmessage`);
   * - `strong`: they tell the function wherever it stands (`handler of GET /orders`), and what is made inside of it too;
   * - `weak`: they need to be told where it was made.
   */
  readonly kind: 'name' | 'strong' | 'weak';
}

const LISTENER_METHODS = new Set([
  'on',
  'once',
  'addListener',
  'prependListener',
  'prependOnceListener',
  'addEventListener',
]);

const ROUTE_METHODS = new Map([
  ['get', 'GET'],
  ['post', 'POST'],
  ['put', 'PUT'],
  ['patch', 'PATCH'],
  ['delete', 'DELETE'],
  ['del', 'DELETE'],
  ['head', 'HEAD'],
  ['options', 'OPTIONS'],
  ['all', 'ALL'],
]);

/** Characters of a name or a literal that are shown. */
const MOST_CHARACTERS = 48;

/** A name that fits a line. */
export function shortened(name: string): string {
  return name.length > MOST_CHARACTERS ? `${name.slice(0, MOST_CHARACTERS - 1)}…` : name;
}

/**
 * The content of a string literal as it may stand in a name: '' where it is long or holds what would upset readers of profiles
 * (pprof takes names with `<`, `[` or `::` for C++ and cuts out what stands in their brackets).
 */
export function literalOf(token: string): string {
  const content = token.slice(1, -1);
  const isPlain = content.length <= MOST_CHARACTERS && /^[\w$\-./:*@#+,=~!?& ]+$/u.test(content);
  return isPlain && !content.includes('::') ? content : '';
}

function roleOfArgument({ callee, isNew, literal }: Extract<Anchor, { kind: 'call' }>): Role {
  if (callee === '') return { words: 'callback', kind: 'weak' };
  if (isNew)
    return {
      words: callee === 'Promise' ? 'executor of Promise' : `callback of new ${callee}`,
      kind: 'weak',
    };
  if (literal !== '') {
    if (LISTENER_METHODS.has(callee)) return { words: `listener of '${literal}'`, kind: 'strong' };
    const isPath = literal.startsWith('/') || literal === '*';
    const method = ROUTE_METHODS.get(callee);
    if (method !== undefined && isPath) return { words: `handler of ${method} ${literal}`, kind: 'strong' };
    if (callee === 'use' && isPath) return { words: `middleware of ${literal}`, kind: 'strong' };
  }
  return { words: `callback of ${callee}`, kind: 'weak' };
}

/** The role of a function that stands at `anchor`. */
export function roleOf(anchor: Anchor): Role {
  switch (anchor.kind) {
    case 'call':
      return roleOfArgument(anchor);
    case 'bound':
      if (anchor.name.endsWith('.*'))
        return { words: `element of ${anchor.name.slice(0, -2)}`, kind: 'weak' };
      return { words: anchor.name, kind: 'name' };
    case 'key': {
      const { key, of } = anchor;
      if (of.kind === 'bound') return { words: `${key} in ${of.name}`, kind: 'weak' };
      if (of.kind === 'call' && of.callee !== '')
        return { words: `option ${key} of ${of.isNew ? 'new ' : ''}${of.callee}`, kind: 'weak' };
      return { words: `property ${key}`, kind: 'weak' };
    }
    case 'element': {
      const { of } = anchor;
      if (of.kind === 'bound') return { words: `element of ${of.name}`, kind: 'weak' };
      if (of.kind === 'key') return { words: `element of ${of.key}`, kind: 'weak' };
      return of.kind === 'call' ? roleOfArgument(of) : { words: 'element of an array', kind: 'weak' };
    }
    case 'returned':
      return { words: 'returned function', kind: 'weak' };
    case 'method':
      return { words: 'method', kind: 'weak' };
    case 'export':
      return { words: 'default export', kind: 'strong' };
    case 'none':
      return { words: 'function', kind: 'weak' };
  }
}
