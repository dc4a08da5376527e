// Peek: one function between its direct callers and its direct callees.
import { shortName } from '@stackpile/profile';
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { PeekRow } from '../engine/questions/peek.ts';
import { formatPercent, formatValue } from '../format.ts';
import { PlaceLink } from '../parts/PlaceLink.tsx';
import { Failure, Loading } from '../parts/states.tsx';
import { exactPattern, searchFilter } from '../pattern.ts';
import { navigate, stackQuery, state } from '../store.ts';
import { useAnswer } from '../use-answer.ts';

/** Functions that the picker offers. */
const offered = 300;

/** A function by its name: typed, or chosen among those that have most. */
function FunctionPicker({ name }: { readonly name: string }): JSX.Element {
  const [text, setText] = useState('');
  const query = stackQuery();
  const { value } = useAnswer(
    'top',
    query === null ? null : { ...query, sort: 'auto', filter: '', limit: offered, unchanged: true },
  );
  const names = [...new Set(value?.rows.map((row) => row.name) ?? [])];
  const choose = (typed: string): void => {
    if (typed === '') return;
    navigate({ pivot: names.includes(typed) ? exactPattern(typed) : searchFilter(typed) });
  };
  return (
    <form
      class="toolbar"
      onSubmit={(event) => {
        event.preventDefault();
        choose(text);
      }}
    >
      <label class="field peek-picker">
        <span>Function</span>
        <input
          type="text"
          list="peek-functions"
          spellcheck={false}
          autocomplete="off"
          placeholder={shortName(name)}
          value={text}
          onInput={(event) => {
            const typed = event.currentTarget.value;
            setText(typed);
            // What was chosen in the list comes as a whole.
            if (names.includes(typed)) choose(typed);
          }}
        />
      </label>
      <datalist id="peek-functions">
        {names.map((one) => (
          <option key={one} value={one} />
        ))}
      </datalist>
      <span class="hint">Type a name or an expression and press Enter, or choose from the list.</span>
    </form>
  );
}

export function View(): JSX.Element {
  const { pivot, search } = state.value;
  const query = stackQuery();
  const answer = useAnswer(
    'peek',
    query === null ? null : { ...query, pivot: pivot === '' ? search : pivot },
  );
  if (answer.error !== '') return <Failure message={answer.error} />;
  const value = answer.value;
  if (value === null) return <Loading text="Looking around" />;
  const { subject, unit, total } = value;
  if (subject === null) {
    return (
      <Failure
        title="No such function"
        message="No function of this profile matches. Choose one in Top, or select a box of the flame graph and press p."
      >
        <button type="button" class="chip" onClick={() => navigate({ pivot: '', search: '' })}>
          Show the largest of my own functions
        </button>
      </Failure>
    );
  }
  const list = (title: string, rows: readonly PeekRow[], empty: string): JSX.Element => (
    <div class="peek-list">
      <h2>
        {title} <span>{rows.length}</span>
      </h2>
      {rows.length === 0 ? <p class="soft">{empty}</p> : null}
      <ul>
        {rows.map((row) => (
          <li key={`${row.name}\0${row.file}`}>
            <button
              type="button"
              title={`${row.name}\n${row.file}`}
              onClick={() => navigate({ pivot: exactPattern(row.name) })}
            >
              <span class="meter" aria-hidden="true">
                <i
                  class={row.origin}
                  style={{
                    width: `${Math.min(100, (Math.abs(row.value) / Math.max(1, Math.abs(subject.cum))) * 100)}%`,
                  }}
                />
              </span>
              <b>{formatValue(row.value, unit)}</b>
              <span class="percent">{formatPercent(row.value, subject.cum)}</span>
              <span class="function">{shortName(row.name)}</span>
            </button>
            {row.file === '' ? null : <PlaceLink file={row.file} line={row.line} parts={2} />}
          </li>
        ))}
      </ul>
    </div>
  );
  return (
    <section class="peek" aria-busy={answer.pending} aria-label="Callers and callees">
      <FunctionPicker key={subject.name} name={subject.name} />
      {list('Called by', value.callers, 'Nobody in this profile: it is where stacks begin.')}
      <div class={`peek-subject ${subject.origin}`}>
        <h2 id="subject">{subject.name}</h2>
        <p>
          <PlaceLink file={subject.file} line={subject.line} parts={99} />
        </p>
        <p>
          <b>{formatValue(subject.cum, unit)}</b> with what it calls ({formatPercent(subject.cum, total)}), of
          that <b>{formatValue(subject.flat, unit)}</b> its own
          {value.matching > 1 && pivot !== ''
            ? ` · the largest of ${value.matching} functions that match`
            : ''}
        </p>
        <p class="row">
          <button
            type="button"
            class="chip"
            onClick={() =>
              navigate({ view: 'flame', mode: 'sandwich', pivot: exactPattern(subject.name), zoom: '' })
            }
          >
            Sandwich in the flame graph
          </button>
          <button
            type="button"
            class="chip"
            onClick={() =>
              navigate({ view: 'source', pivot: exactPattern(subject.name), file: subject.file })
            }
          >
            Source
          </button>
        </p>
      </div>
      {list('Calls', value.callees, 'Nothing in this profile: it is where stacks end.')}
    </section>
  );
}
