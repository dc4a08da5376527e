// The guilty line between its neighbours.
import type { JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { highlightLines, type Token } from '../highlight.ts';
import { series, sourceText } from '../store.ts';

/** The line itself with its neighbours, where this page can have the file. */
export function Snippet({
  file,
  line,
}: {
  readonly file: string;
  readonly line: number;
}): JSX.Element | null {
  const load = sourceText.value;
  const profile = series.value.at(-1)?.id ?? -1;
  const [shown, setShown] = useState<readonly { number: number; tokens: readonly Token[] }[]>([]);
  useEffect(() => {
    setShown([]);
    if (load === null || file === '' || line <= 0) return;
    let stale = false;
    load(profile, file).then(
      (text) => {
        if (stale) return;
        const lines = highlightLines(text, file);
        const from = Math.max(1, line - 1);
        setShown(lines.slice(from - 1, line + 1).map((tokens, index) => ({ number: from + index, tokens })));
      },
      // The file is not on this machine: the place alone has to do.
      () => undefined,
    );
    return () => {
      stale = true;
    };
  }, [load, profile, file, line]);
  if (shown.length === 0) return null;
  return (
    <pre class="snippet" tabIndex={0} aria-label={`Line ${line} and its neighbours`}>
      {shown.map(({ number, tokens }) => (
        <span key={number} class={number === line ? 'guilty' : ''}>
          <i>{number}</i>
          {tokens.map((token, at) => (
            <span key={at} class={token.kind}>
              {token.text}
            </span>
          ))}
          {'\n'}
        </span>
      ))}
    </pre>
  );
}
