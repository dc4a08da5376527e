// The frame of every view: what is open, the tabs, the search, the filters in force.
import { safeText } from '@stackpile/profile';
import type { ComponentChildren, JSX } from 'preact';
import { keepsViews } from '../came-with.ts';
import type { ProfileSummary } from '../engine/profiles.ts';
import { Filters } from '../filters/Filters.tsx';
import { SearchBox } from '../filters/SearchBox.tsx';
import { formatMs, formatSize, formatTime } from '../format.ts';
import { current, navigate, nounOf, overlay, profiles, shared, state, tabs, theme } from '../store.ts';
import { sourceLabel } from './source-label.ts';
import { Tabs } from './Tabs.tsx';
import { toggleTheme } from './theme.ts';

interface IconButtonProps {
  readonly label: string;
  readonly title: string;
  readonly opens: 'download' | 'share' | 'views';
  /** A class of its own. */
  readonly is?: string;
  readonly children: ComponentChildren;
}

/** A button that is a picture, and opens a sheet. */
function IconButton({ label, title, opens, is = '', children }: IconButtonProps): JSX.Element {
  return (
    <button
      type="button"
      class={`icon ${is}`.trim()}
      aria-label={label}
      title={title}
      onClick={() => (overlay.value = opens)}
    >
      <svg viewBox="0 0 16 16" aria-hidden="true">
        {children}
      </svg>
    </button>
  );
}

export function Header(): JSX.Element {
  const shown = current.value;
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
        {shown === null ? null : <Profile shown={shown} />}
        <span class="grow" />
        {shown === null ? null : <SearchBox value={state.value.search} />}
        <div class="buttons">
          {shown === null ? null : (
            <IconButton label="Share" title="Share: one file, a link, paper (S)" opens="share" is="share">
              <path d="M6 9.2 10.2 11M6 7.2 10.2 5" />
              <circle cx="4.2" cy="8.2" r="2" />
              <circle cx="12" cy="4.2" r="2" />
              <circle cx="12" cy="11.8" r="2" />
            </IconButton>
          )}
          {shown === null ? null : (
            <IconButton label="Download" title="Download (d)" opens="download">
              <path d="M8 1.5v8m0 0L4.8 6.4M8 9.5l3.2-3.1M2 11.5v2.5h12v-2.5" />
            </IconButton>
          )}
          {shown === null || !keepsViews.value ? null : (
            <IconButton label="Saved views" title="Saved views, pprof’s too (C)" opens="views">
              <path d="M4 2h8v12l-4-3.2L4 14z" />
            </IconButton>
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
      <Note />
      <Filters />
    </header>
  );
}

/** What whoever made this report says with it. */
function Note(): JSX.Element | null {
  const given = shared.value;
  if (given === null) return null;
  return (
    <aside class="report-note" aria-label="Note">
      <time dateTime={new Date(given.time).toISOString()}>{formatTime(given.time)}</time>
      <p>
        {given.note === ''
          ? 'A report of this view and all that was open with it.'
          : safeText(given.note, 20_000)}
      </p>
    </aside>
  );
}

/** Which profile is shown, which of its sample types, and when it was taken. */
function Profile({ shown }: { readonly shown: ProfileSummary }): JSX.Element {
  const { sampleType } = state.value;
  const list = profiles.value;
  return (
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
  );
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
