// Raw: the profile as `-raw` prints it; only the lines on the screen are in the document.
import type { JSX } from 'preact';
import { useMemo, useState } from 'preact/hooks';
import { formatSize } from '../format.ts';
import { copyText } from '../parts/controls.tsx';
import { Failure, Loading } from '../parts/states.tsx';
import { stackQuery } from '../store.ts';
import { useAnswer } from '../use-answer.ts';

const lineHeight = 18;

export function View(): JSX.Element {
  const query = stackQuery();
  const answer = useAnswer('text', query === null ? null : { ...query, report: 'raw', nodes: 0 });
  const [scroll, setScroll] = useState(0);
  const lines = useMemo(() => (answer.value?.text ?? '').split('\n'), [answer.value]);
  if (answer.error !== '') return <Failure message={answer.error} />;
  const value = answer.value;
  if (value === null) return <Loading text="Printing" />;
  const first = Math.max(0, Math.floor(scroll / lineHeight) - 20);
  const last = Math.min(lines.length, first + 140);
  return (
    <section class="raw" aria-label="Raw profile">
      <p class="lead">
        {lines.length} lines
        {value.cut ? ` (cut at ${formatSize(value.text.length)}; the whole text: stackpile -raw FILE)` : ''}{' '}
        <button type="button" class="chip" onClick={() => copyText(value.text, 'Text copied')}>
          Copy
        </button>
      </p>
      <div
        class="scroll"
        tabIndex={0}
        role="region"
        aria-label="Text"
        onScroll={(event) => setScroll(event.currentTarget.scrollTop)}
      >
        <div class="raw-sheet" style={{ height: `${lines.length * lineHeight}px` }}>
          <pre style={{ top: `${first * lineHeight}px` }}>
            {lines
              .slice(first, last)
              .map((line) => line.slice(0, 2000))
              .join('\n')}
          </pre>
        </div>
      </div>
    </section>
  );
}
