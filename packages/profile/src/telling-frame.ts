// Which one frame says most about a stack.
import type { Origin } from './origin.ts';

/**
 * Of a stack, leaf first, the innermost frame of the user's own code; else that of a library; else the outermost that is not the
 * very core of the runtime (`net/http.(*conn).serve` of a long chain down to the poller). Undefined for an empty stack.
 */
export function tellingFrame<T extends { readonly name: string; readonly origin: Origin }>(
  stack: readonly T[],
): T | undefined {
  return (
    stack.find(({ origin }) => origin === 'user') ??
    stack.find(({ origin }) => origin === 'library') ??
    stack.findLast(({ name }) => name !== '' && !name.startsWith('runtime.')) ??
    stack.at(-1)
  );
}
