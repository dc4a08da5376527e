// The answer before any graph: where the user's own code waits, runs or holds memory, with file and line.
import { shortName } from '@stackpile/profile';
import type { JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { deed, formatPercent, formatValue, forNumber } from '../format.ts';
import { exactPattern } from '../pattern.ts';
import { current, navigate, nounOf, stackQuery } from '../store.ts';
import { idleWords } from './nothing.ts';
import { useFold } from './Fold.tsx';
import { PlaceLink } from './PlaceLink.tsx';
import { useAnswer } from '../use-answer.ts';

export function Insight(): JSX.Element | null {
  // One render later than the view below it: the worker answers in turn, and the graph comes first.
  const [asking, setAsking] = useState(false);
  useEffect(() => setAsking(true), []);
  const query = asking ? stackQuery() : null;
  const answer = useAnswer('places', query === null ? null : { ...query, limit: 3 });
  const value = answer.value;
  const fold = useFold('Where');
  const shown = current.value;
  const idle = shown === null ? '' : idleWords(shown);
  // The strip keeps its height while it loads, so that nothing below it jumps.
  if (value === null) return <div class="insight" aria-hidden="true" aria-busy={answer.error === ''} />;
  if (value.total === 0) return null;
  if (value.places.length === 0) {
    return (
      <div class="insight" aria-busy={answer.pending}>
        <p class="insight-head">
          No frame of your own code is in this profile: all {nounOf(value.type)} are in libraries and the
          runtime.
        </p>
      </div>
    );
  }
  return (
    <div class={`insight ${fold.class}`} aria-busy={answer.pending}>
      {fold.button}
      <p class="insight-head folds">
        Of {formatValue(value.total, value.unit)} {forNumber(value.total, nounOf(value.type))}, your code most
        often {deed(value.type)} here
      </p>
      {idle === '' ? null : <p class="insight-idle folds">{idle}</p>}
      <ol>
        {value.places.map((place) => (
          <li key={`${place.name}:${place.line}`}>
            <button
              type="button"
              title={`${place.name}\n${place.file}:${place.line}\nClick to see only these stacks`}
              onClick={() => navigate({ focus: exactPattern(place.name), zoom: '', view: 'flame' })}
            >
              <span class="meter" aria-hidden="true">
                <i style={{ width: `${Math.max(1, (place.value / Math.max(1, value.total)) * 100)}%` }} />
              </span>
              <b>{formatPercent(place.value, value.total)}</b>
              <span class="count">{formatValue(place.value, value.unit)}</span>
              <span class="function">{shortName(place.name)}</span>
            </button>
            <PlaceLink file={place.file} line={place.line} parts={2} />
          </li>
        ))}
      </ol>
    </div>
  );
}
