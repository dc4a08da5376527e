// A sentence in which code stands between backticks, as the command line prints it.
import { safeText } from '@stackpile/profile';
import type { JSX } from 'preact';

export function Words({ text }: { readonly text: string }): JSX.Element {
  return (
    <>
      {safeText(text, 2000)
        .split('`')
        .map((part, row) => (row % 2 === 0 ? part : <code key={row}>{part}</code>))}
    </>
  );
}
