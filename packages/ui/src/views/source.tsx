// Source: cost per line, beside the text of the file where the page can have it.
import { shortPath } from '@stackpile/profile';
import type { JSX } from 'preact';
import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import type { SourceAnswer } from '../engine/questions/source.ts';
import { formatPercent, formatValue } from '../format.ts';
import { highlightLines, type Token } from '../highlight.ts';
import { PlaceLink, openPlace } from '../parts/PlaceLink.tsx';
import { Failure, Loading } from '../parts/states.tsx';
import { current, navigate, sentence, sourceText, stackQuery, state } from '../store.ts';
import { useAnswer } from '../use-answer.ts';

export function View(): JSX.Element {
  const { pivot, file, search } = state.value;
  const query = stackQuery();
  const answer = useAnswer(
    'source',
    query === null ? null : { ...query, pivot: pivot === '' ? search : pivot, file },
  );
  if (answer.error !== '') return <Failure message={answer.error} />;
  const value = answer.value;
  if (value === null) return <Loading text="Looking for lines" />;
  if (value.file === '') {
    return (
      <Failure
        title="No source lines"
        message="Nothing that matches has a file name in this profile. Choose another function in Top, or capture with source maps enabled."
      >
        <button type="button" class="chip" onClick={() => navigate({ pivot: '', search: '', file: '' })}>
          Show all files
        </button>
      </Failure>
    );
  }
  return <Listing value={value} pending={answer.pending} />;
}

interface Line {
  readonly number: number;
  readonly tokens: readonly Token[] | null;
  readonly flat: number;
  readonly cum: number;
  readonly names: readonly string[];
}

/** Lines shown around each line with a cost. */
const around = 6;

/** The text of a file; where there is none, why. */
function useFile(file: string): { readonly content: string; readonly missing: string } {
  const load = sourceText.value;
  const profile = current.value?.id ?? -1;
  const [text, setText] = useState({ file: '', text: '', error: '' });
  useEffect(() => {
    if (load === null) return;
    let stale = false;
    load(profile, file).then(
      (content) => {
        if (!stale) setText({ file, text: content, error: '' });
      },
      (error: unknown) => {
        if (!stale) setText({ file, text: '', error: sentence(error) });
      },
    );
    return () => {
      stale = true;
    };
  }, [load, profile, file]);
  const missing =
    load === null
      ? 'The text of the file is not in this page; the cost per line is. To see both, open the profile where the sources are: stackpile -http=: FILE'
      : text.error === ''
        ? 'Reading the file…'
        : text.error;
  return { content: text.file === file ? text.text : '', missing };
}

function Listing({
  value,
  pending,
}: {
  readonly value: SourceAnswer;
  readonly pending: boolean;
}): JSX.Element {
  const { content, missing } = useFile(value.file);
  const blocks = useMemo(() => makeBlocks(value, content), [value, content]);
  const hottest = value.lines.reduce(
    (best, line) => (line.cum > (best?.cum ?? -1) ? line : best),
    value.lines[0],
  );
  const scroller = useRef<HTMLDivElement>(null);
  useEffect(() => {
    scroller.current?.querySelector('[data-hot]')?.scrollIntoView({ block: 'center' });
  }, [blocks]);
  const widest = Math.max(1, hottest?.cum ?? 1);
  return (
    <section class="source-view" aria-busy={pending} aria-label="Source">
      <div class="toolbar">
        <label class="field">
          <span>File</span>
          <select value={value.file} onChange={(event) => navigate({ file: event.currentTarget.value })}>
            {value.files.map(({ file, cum }) => (
              <option key={file} value={file}>
                {shortPath(file, 3)} · {formatPercent(cum, value.total)}
              </option>
            ))}
          </select>
        </label>
        <PlaceLink file={value.file} line={hottest?.line ?? 0} parts={99} />
      </div>
      {content === '' ? <p class="note">{missing}</p> : null}
      <div class="scroll" tabIndex={0} role="region" aria-label="Lines" ref={scroller}>
        <table class={content === '' ? 'listing names' : 'listing'}>
          <thead>
            <tr>
              <th scope="col" class="number">
                flat
              </th>
              <th scope="col" class="number">
                cum
              </th>
              <th scope="col" class="number">
                line
              </th>
              <th scope="col">{content === '' ? 'function' : 'text'}</th>
            </tr>
          </thead>
          <tbody>
            {blocks.map((line, index) =>
              line === null ? (
                <tr key={`gap ${index}`} class="gap">
                  <td colSpan={4}>⋯</td>
                </tr>
              ) : (
                <LineRow
                  key={line.number}
                  line={line}
                  hottest={line.number === hottest?.line}
                  widest={widest}
                  unit={value.unit}
                  file={value.file}
                />
              ),
            )}
          </tbody>
        </table>
      </div>
    </section>
  );
}

function LineRow({
  line,
  hottest,
  widest,
  unit,
  file,
}: {
  readonly line: Line;
  readonly hottest: boolean;
  readonly widest: number;
  readonly unit: string;
  readonly file: string;
}): JSX.Element {
  return (
    <tr class={line.cum > 0 ? 'hot' : ''} data-hot={hottest && line.cum > 0 ? '' : undefined}>
      <td class="number">{line.flat === 0 ? '' : formatValue(line.flat, unit)}</td>
      <td class="number meter-cell">
        {line.cum === 0 ? null : (
          <>
            <i style={{ width: `${(line.cum / widest) * 100}%` }} />
            <span>{formatValue(line.cum, unit)}</span>
          </>
        )}
      </td>
      <td class="number soft">
        {line.number === 0 ? (
          '?'
        ) : (
          <button
            type="button"
            class="line-link"
            title="Open in the editor"
            aria-label={`Line ${line.number}: open in the editor`}
            onClick={() => void openPlace({ file, line: line.number })}
          >
            {line.number}
          </button>
        )}
      </td>
      <td class="code" title={line.names.join('\n')}>
        {line.tokens === null
          ? line.names.join(', ')
          : line.tokens.map((token, at) => (
              <span key={at} class={token.kind}>
                {token.text}
              </span>
            ))}
      </td>
    </tr>
  );
}

/** Lines with a cost and those around them; null is a gap. */
function makeBlocks(value: SourceAnswer, content: string): (Line | null)[] {
  const costs = new Map(value.lines.map((line) => [line.line, line]));
  const tokens = content === '' ? null : highlightLines(content, value.file);
  const out: (Line | null)[] = [];
  let last = 0;
  for (const number of costs.keys()) {
    const from = tokens === null ? number : Math.max(last + 1, number - around);
    const to = tokens === null ? number : Math.min(tokens.length, number + around);
    if (out.length > 0 && from > last + 1) out.push(null);
    for (let line = Math.max(from, Math.min(last + 1, number)); line <= to; line++) {
      if (line <= last && last > 0) continue;
      const cost = costs.get(line);
      out.push({
        number: line,
        tokens: tokens?.[line - 1] ?? null,
        flat: cost?.flat ?? 0,
        cum: cost?.cum ?? 0,
        names: cost?.names ?? [],
      });
      last = line;
    }
  }
  return out;
}
