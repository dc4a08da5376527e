// What a person means by the bytes that come from a terminal.

/** What keys do. */
export type Key = 'quit' | 'suspend' | 'capture' | 'page' | 'report' | 'next' | 'previous' | 'redraw';

const meanings: Readonly<Record<string, Key>> = {
  q: 'quit',
  Q: 'quit',
  '\u0003': 'quit',
  '\u0004': 'quit',
  '\u001a': 'suspend',
  c: 'capture',
  o: 'page',
  r: 'report',
  '\t': 'next',
  n: 'next',
  p: 'previous',
  '\u001b[Z': 'previous',
  '\u001b[B': 'next',
  '\u001b[C': 'next',
  '\u001b[A': 'previous',
  '\u001b[D': 'previous',
  '\u000c': 'redraw',
};

/** A sequence that one key sends, or one character. */
const one = /\u001b(?:\[[\d;]*[ -/]*[@-~]|O.)|[^]/gu;

/** The keys in what was read; what means nothing is passed over, also what somebody pastes. */
export function keysIn(text: string): Key[] {
  // Nobody types so much at once, and a q in it would be no wish.
  if (text.length > 64) return text.includes('\u0003') ? ['quit'] : [];
  return (text.match(one) ?? []).flatMap((sequence) =>
    Object.hasOwn(meanings, sequence) ? (meanings[sequence] ?? []) : [],
  );
}
