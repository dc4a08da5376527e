// The frame of every view: what is open, the tabs, the search, the filters in force.
import type { JSX } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { shortPath } from '@stackpile/report/flame';
import type { ProfileSummary } from '../engine/profiles.ts';
import { formatMs, formatSize } from '../format.ts';
import { compilePattern } from '../filters/pattern.ts';
import { type View } from '../state.ts';
import { current, navigate, nounOf, overlay, profiles, state, tabs, theme } from '../store.ts';

export const viewTitles: { readonly [V in View]: string } = {
  verdict: 'Verdict',
  flame: 'Flame graph',
  top: 'Top',
  graph: 'Graph',
  peek: 'Peek',
  source: 'Source',
  tasks: 'Tasks',
  raw: 'Raw',
  compare: 'Compare',
  live: 'Live',
};

/** A time of day, with the date only where it is neither today's nor that of all `others`. */
export function formatTime(ms: number, others: readonly (number | null)[] = []): string {
  const date = new Date(ms);
  const pad = (value: number): string => String(value).padStart(2, '0');
  const clock = `${pad(date.getHours())}:${pad(date.getMinutes())}:${pad(date.getSeconds())}`;
  const day = date.toDateString();
  const same =
    others.length > 1 && others.every((time) => time !== null && new Date(time).toDateString() === day);
  return same || day === new Date().toDateString()
    ? clock
    : `${date.getFullYear()}-${pad(date.getMonth() + 1)}-${pad(date.getDate())} ${clock}`;
}

/** Name of a source in a picker: short, but different from its neighbours'. */
export function sourceLabel(profile: ProfileSummary, all: readonly ProfileSummary[]): string {
  for (const parts of [1, 2, 3, 4]) {
    const label = shortPath(profile.name, parts);
    if (all.every((other) => other === profile || shortPath(other.name, parts) !== label)) return label;
  }
  return `${shortPath(profile.name, 2)} (${profile.id + 1})`;
}

export function Header(): JSX.Element {
  const shown = current.value;
  const { sampleType, search } = state.value;
  const list = profiles.value;
  return (
    <header class="top">
      <div class="bar">
        <a
          class="brand"
          aria-label="Stackpile, to the first view"
          href="#/"
          onClick={(event) => {
            event.preventDefault();
            navigate({ view: tabs.value[0] ?? 'flame', zoom: '' });
          }}
        >
          <Logo />
          <span>Stackpile</span>
        </a>
        {shown === null ? null : (
          <>
            <label class="picker source">
              <span class="offscreen">Profile</span>
              <select
                value={String(list.indexOf(shown))}
                onChange={(event) => navigate({ source: Number(event.currentTarget.value), zoom: '' })}
              >
                {list.map((profile, index) => (
                  <option key={profile.id} value={String(index)}>
                    {sourceLabel(profile, list)}
                  </option>
                ))}
              </select>
            </label>
            {shown.sampleTypes.length > 1 ? (
              <label class="picker">
                <span class="offscreen">Sample type</span>
                <select
                  value={sampleType === '' ? (shown.sampleTypes[shown.defaultType]?.type ?? '') : sampleType}
                  onChange={(event) => navigate({ sampleType: event.currentTarget.value, zoom: '' })}
                >
                  {shown.sampleTypes.map(({ type }) => (
                    <option key={type} value={type}>
                      {nounOf(type)}
                    </option>
                  ))}
                </select>
              </label>
            ) : null}
            <span class="facts" title={shown.comments.join('\n')}>
              {[
                shown.time === null ? '' : formatTime(shown.time),
                shown.durationMs > 0 ? `over ${formatMs(shown.durationMs)}` : '',
                shown.size > 0 ? formatSize(shown.size) : '',
              ]
                .filter((part) => part !== '')
                .join(' · ')}
            </span>
          </>
        )}
        <span class="grow" />
        {shown === null ? null : <SearchBox value={search} />}
        <div class="buttons">
          {shown === null ? null : (
            <button
              type="button"
              class="icon"
              aria-label="Download"
              title="Download (d)"
              onClick={() => (overlay.value = 'download')}
            >
              <svg viewBox="0 0 16 16" aria-hidden="true">
                <path d="M8 1.5v8m0 0L4.8 6.4M8 9.5l3.2-3.1M2 11.5v2.5h12v-2.5" />
              </svg>
            </button>
          )}
          <button
            type="button"
            class="icon"
            aria-label={theme.value === 'dark' ? 'Light theme' : 'Dark theme'}
            title="Theme (t)"
            onClick={toggleTheme}
          >
            <svg viewBox="0 0 16 16" aria-hidden="true">
              <circle cx="8" cy="8" r="5.5" />
              <path class="solid" d="M8 2.5a5.5 5.5 0 0 1 0 11z" />
            </svg>
          </button>
          <button
            type="button"
            class="icon"
            aria-label="Keyboard help"
            title="Keys (?)"
            onClick={() => (overlay.value = 'help')}
          >
            ?
          </button>
        </div>
      </div>
      {shown === null ? null : <Tabs />}
      <Filters />
    </header>
  );
}

function Tabs(): JSX.Element {
  const { view } = state.value;
  const nav = useRef<HTMLElement>(null);
  useEffect(() => {
    // On a narrow screen the tabs scroll: the current one is always in sight.
    const strip = nav.current;
    const link = strip?.querySelector<HTMLElement>('[aria-current]');
    if (strip === null || link === null || link === undefined) return;
    strip.scrollLeft = link.offsetLeft - (strip.clientWidth - link.offsetWidth) / 2;
  }, [view, tabs.value.length]);
  useEffect(() => {
    // Where the strip goes on, its end fades.
    const strip = nav.current;
    if (strip === null) return;
    const mark = (): void => {
      const { scrollLeft, clientWidth, scrollWidth } = strip;
      strip.toggleAttribute('data-before', scrollLeft > 1);
      strip.toggleAttribute('data-behind', scrollLeft + clientWidth < scrollWidth - 1);
    };
    const observer = new ResizeObserver(mark);
    observer.observe(strip);
    strip.addEventListener('scroll', mark);
    return () => {
      observer.disconnect();
      strip.removeEventListener('scroll', mark);
    };
  }, [tabs.value.length]);
  return (
    <nav class="tabs" aria-label="Views" ref={nav}>
      {tabs.value.map((tab, index) => (
        <a
          key={tab}
          href={`#/${tab}`}
          aria-current={tab === view ? 'page' : undefined}
          title={`${viewTitles[tab]} (${(index + 1) % 10})`}
          onClick={(event) => {
            if (event.ctrlKey || event.metaKey || event.shiftKey) return;
            event.preventDefault();
            navigate({ view: tab });
          }}
        >
          {viewTitles[tab]}
        </a>
      ))}
      <span class="grow" />
      <LibrariesPicker />
    </nav>
  );
}

export function toggleTheme(): void {
  const next = theme.value === 'dark' ? 'light' : 'dark';
  theme.value = next;
  try {
    localStorage.setItem('stackpile-theme', next);
  } catch {
    // A page from a file may have no storage: the choice lasts until it is closed.
  }
}

function Logo(): JSX.Element {
  return (
    <svg class="logo" viewBox="0 0 20 20" aria-hidden="true">
      <rect x="2" y="14" width="16" height="4" rx="1" />
      <rect x="4" y="9" width="11" height="4" rx="1" class="mid" />
      <rect x="7" y="4" width="6" height="4" rx="1" class="tip" />
    </svg>
  );
}

function SearchBox({ value }: { readonly value: string }): JSX.Element {
  const [text, setText] = useState(value);
  const input = useRef<HTMLInputElement>(null);
  useEffect(() => setText(value), [value]);
  const { error } = compilePattern(text);
  const timer = useRef(0);
  return (
    <label class={`search${error === '' ? '' : ' wrong'}`}>
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
        placeholder="Search (regular expression)"
        spellcheck={false}
        autocomplete="off"
        aria-invalid={error !== ''}
        title={error}
        onInput={(event) => {
          const next = event.currentTarget.value;
          setText(next);
          window.clearTimeout(timer.current);
          // As pprof's page: the highlight follows the typing with a short delay.
          timer.current = window.setTimeout(() => {
            if (compilePattern(next).error === '') navigate({ search: next }, true);
          }, 200);
        }}
        onKeyDown={(event) => {
          event.stopPropagation();
          if (event.key === 'Enter' && compilePattern(text).error === '') {
            window.clearTimeout(timer.current);
            navigate(event.shiftKey ? { focus: text, search: '', zoom: '' } : { search: text });
          } else if (event.key === 'Escape') {
            window.clearTimeout(timer.current);
            navigate({ search: '' }, true);
            input.current?.blur();
          }
        }}
      />
      <kbd aria-hidden="true">/</kbd>
    </label>
  );
}

function LibrariesPicker(): JSX.Element {
  return (
    <label class="picker quiet">
      <span>Libraries</span>
      <select
        value={state.value.libraries}
        onChange={(event) =>
          navigate({ libraries: event.currentTarget.value as 'show' | 'collapse' | 'hide', zoom: '' })
        }
      >
        <option value="show">shown</option>
        <option value="collapse">collapsed</option>
        <option value="hide">hidden</option>
      </select>
    </label>
  );
}

const filterNames = {
  focus: 'Focus',
  ignore: 'Ignore',
  hide: 'Hide',
  show: 'Show',
  showFrom: 'Show from',
} as const;
export type FilterName = keyof typeof filterNames;

/** Removes every filter, the search and the zoom. */
export function resetFilters(): void {
  navigate({
    focus: '',
    ignore: '',
    hide: '',
    show: '',
    showFrom: '',
    search: '',
    zoom: '',
    libraries: 'show',
  });
}

function Filters(): JSX.Element | null {
  const now = state.value;
  const active = (Object.keys(filterNames) as FilterName[]).filter((name) => now[name] !== '');
  if (active.length === 0) return null;
  return (
    <div class="filters" role="group" aria-label="Filters in force">
      {active.map((name) => (
        <span class="filter" key={name}>
          <b>{filterNames[name]}</b>
          <input
            aria-label={`${filterNames[name]} (regular expression)`}
            value={now[name]}
            spellcheck={false}
            size={Math.min(60, Math.max(6, now[name].length))}
            onKeyDown={(event) => event.stopPropagation()}
            onChange={(event) => navigate({ [name]: event.currentTarget.value, zoom: '' })}
          />
          <button
            type="button"
            aria-label={`Remove ${filterNames[name]}`}
            onClick={() => navigate({ [name]: '', zoom: '' })}
          >
            ✕
          </button>
        </span>
      ))}
      <button type="button" class="chip" onClick={resetFilters}>
        Reset all <kbd>r</kbd>
      </button>
      <span class="hint">Percentages stay relative to the whole profile.</span>
    </div>
  );
}
