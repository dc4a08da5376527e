// The search: highlights while somebody types, keeps it with Enter, focuses on it with Shift+Enter.
import type { JSX } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { formatPercent, forNumber } from '../format.ts';
import { navigate, stackQuery, state } from '../store.ts';
import { useAnswer } from '../use-answer.ts';
import { viewRow } from '../views/registry.ts';
import { searchFilter } from '../pattern.ts';

/** What is wrong with a search, '' where nothing is; until the pattern engine is there, which comes with the first letter, nobody knows. */
function useProblem(text: string): (source: string) => string {
  const [problem, setProblem] = useState<((source: string) => string) | null>(null);
  const wanted = text !== '' && problem === null;
  useEffect(() => {
    if (!wanted) return;
    void import('../engine/compile.ts').then(({ compileSearch }) => {
      setProblem(() => (source: string) => compileSearch(source).error);
    });
  }, [wanted]);
  return problem ?? (() => '');
}

/** Moves on from the search to what it searches, where the keys of that act: the graph, else the table, else the view. */
function toView(): void {
  for (const place of ['.flame-tree, .graph-sheet', 'main .scroll', 'main']) {
    const element = document.querySelector<HTMLElement>(place);
    if (element === null) continue;
    element.focus();
    return;
  }
}

/** How many functions match, and their share: of every view alike. Asked after the view itself, which comes first. */
function SearchSum({ search }: { readonly search: string }): JSX.Element | null {
  const [asked, setAsked] = useState('');
  useEffect(() => setAsked(search), [search]);
  const query = asked === '' ? null : stackQuery(state.value.view === 'compare');
  const { value } = useAnswer('matches', query === null ? null : { ...query, search: asked });
  if (value === null || asked === '') return null;
  const { functions, weight, total } = value;
  return (
    <span class="search-sum" role="status">
      <span class="search-many">
        {functions} {forNumber(functions, 'functions')} ·{' '}
      </span>
      {formatPercent(weight, total)}
    </span>
  );
}

export function SearchBox({ value }: { readonly value: string }): JSX.Element {
  const [text, setText] = useState(value);
  const input = useRef<HTMLInputElement>(null);
  useEffect(() => setText(value), [value]);
  const problem = useProblem(text);
  const error = problem(text);
  const timer = useRef(0);
  const { title, acts } = viewRow(state.value.view);
  return (
    <label class={`search${error === '' ? '' : ' wrong'}${acts.search ? '' : ' resting'}`}>
      <svg viewBox="0 0 16 16" aria-hidden="true">
        <circle cx="7" cy="7" r="4.5" />
        <path d="m10.5 10.5 4 4" />
      </svg>
      <span class="offscreen">Search functions and files by regular expression</span>
      <input
        id="search"
        type="search"
        ref={input}
        value={text}
        placeholder={acts.search ? 'Search (regular expression)' : `No search in ${title}`}
        disabled={!acts.search}
        spellcheck={false}
        autocomplete="off"
        aria-invalid={error !== ''}
        aria-describedby="search-error"
        onInput={(event) => {
          const next = event.currentTarget.value;
          setText(next);
          window.clearTimeout(timer.current);
          // As pprof's page: the highlight follows the typing with a short delay.
          timer.current = window.setTimeout(() => {
            if (problem(next) === '') navigate({ search: next }, true);
          }, 200);
        }}
        onKeyDown={(event) => {
          event.stopPropagation();
          if (event.key === 'Enter' && error === '') {
            window.clearTimeout(timer.current);
            navigate(event.shiftKey ? { focus: searchFilter(text), search: '', zoom: '' } : { search: text });
            toView();
          } else if (event.key === 'Escape') {
            window.clearTimeout(timer.current);
            navigate({ search: '' }, true);
            input.current?.blur();
          }
        }}
      />
      <kbd aria-hidden="true">/</kbd>
      {acts.search && error === '' ? <SearchSum search={value} /> : null}
      <span class="search-error" id="search-error" role="status">
        {error}
      </span>
    </label>
  );
}
