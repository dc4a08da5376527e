// The stack of a finding, with what its tasks have in common.
import { type Finding, type StackFrame, startedBy } from '@stackpile/leaks';
import { safeText } from '@stackpile/profile';
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { PlaceLink } from '../parts/PlaceLink.tsx';

export function Stack({ finding }: { readonly finding: Finding }): JSX.Element {
  const [all, setAll] = useState(false);
  const { stack, culpritIndex } = finding;
  const short = 3;
  const from = culpritIndex < 0 ? stack.length : Math.max(short, culpritIndex - 1);
  const rows: (StackFrame | null)[] =
    all || stack.length <= 9 ? [...stack] : [...stack.slice(0, short), null, ...stack.slice(from, from + 5)];
  return (
    <div class="stack-box">
      <h2>
        The stack{finding.state === '' ? '' : <span class="tag">{safeText(finding.state)}</span>}
        {finding.labels.map(({ key, value }) => (
          <span class="tag" key={key}>
            {safeText(`${key}=${value}`)}
          </span>
        ))}
      </h2>
      <ol class="stack">
        {rows.map((frame, index) =>
          frame === null ? (
            <li class="soft" key="gap">
              <button type="button" class="chip" onClick={() => setAll(true)}>
                {stack.length - rows.length + 1} library frames
              </button>
            </li>
          ) : (
            <li key={index} class={`${frame.origin} ${frame === stack[culpritIndex] ? 'guilty' : ''}`}>
              <span class="function">{safeText(frame.name)}</span>
              <PlaceLink file={safeText(frame.file)} line={frame.line} parts={3} />
            </li>
          ),
        )}
        {finding.createdBy === '' ? null : (
          <li class={culpritIndex < 0 && finding.culprit !== null ? 'user guilty' : 'soft'}>
            <span class="place">
              {finding.createdHow} {safeText(startedBy(finding.createdBy))}
            </span>
          </li>
        )}
      </ol>
    </div>
  );
}
