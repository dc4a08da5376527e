// The page: its header, the view that the address names or what is shown in its place, and what lies above it.
import type { JSX } from 'preact';
import { Insight } from '../parts/Insight.tsx';
import { Header } from '../parts/Header.tsx';
import { ViewsSheet } from '../parts/ViewsSheet.tsx';
import { later } from '../parts/later.tsx';
import { emptyFigures, emptyWords } from '../parts/nothing.ts';
import { Failure, Loading } from '../parts/states.tsx';
import { current, notice, overlay, said, state, status } from '../store.ts';
import { viewComponent } from '../views/load.ts';
import { viewRow } from '../views/registry.ts';
import { Chooser, Empty } from './Chooser.tsx';
import { useDrop } from './drop.ts';
import { Lock } from './Lock.tsx';

const HelpSheet = later(async () => (await import('../parts/Help.tsx')).HelpSheet, '');
const EditorSheet = later(async () => (await import('../parts/EditorSheet.tsx')).EditorSheet, '');
const ShareSheet = later(async () => (await import('../share/ShareSheet.tsx')).ShareSheet, '');
const DownloadSheet = later(async () => (await import('../parts/Download.tsx')).DownloadSheet, '');

function View(): JSX.Element {
  const shown = current.value;
  const { name, ofEmpty, insight } = viewRow(state.value.view);
  if (shown?.samples === 0 && !ofEmpty) {
    const { why, next } = emptyWords(shown);
    return (
      <Failure title="This profile is empty" message={`${shown.name} has no samples: ${why} ${next}`}>
        <dl class="empty-figures">
          {emptyFigures(shown).map(([label, value]) => (
            <div key={label}>
              <dt>{label}</dt>
              <dd>{value}</dd>
            </div>
          ))}
        </dl>
        <Chooser />
      </Failure>
    );
  }
  const Component = viewComponent(state.value.view);
  return (
    <>
      {insight ? <Insight /> : null}
      <Component key={name} />
    </>
  );
}

/** The verdict as it stands above and below any other view on paper. */
function onPaper(part: 'headline' | 'rest'): string {
  if (state.value.view === 'verdict') return '';
  const [headline = '', ...rest] = said.value.split('\n');
  return part === 'headline' ? headline : rest.join('\n').trim();
}

export function App(): JSX.Element {
  const now = status.value;
  const dragging = useDrop();
  return (
    <>
      <Header />
      <p class="said-on-paper">{onPaper('headline')}</p>
      <main id="view" tabIndex={-1}>
        {now.kind === 'ready' && state.value.view !== 'verdict' ? (
          <h1 class="offscreen">{viewRow(state.value.view).title}</h1>
        ) : null}
        {now.kind === 'ready' ? <View /> : null}
        {now.kind === 'loading' ? <Loading text={now.text} share={now.share} /> : null}
        {now.kind === 'error' ? (
          <Failure title="This could not be opened" message={now.message}>
            <Chooser />
          </Failure>
        ) : null}
        {now.kind === 'locked' ? <Lock message={now.message} /> : null}
        {now.kind === 'empty' ? <Empty /> : null}
      </main>
      <pre class="said-on-paper">{onPaper('rest')}</pre>
      <div class="toast" role="status" aria-live="polite">
        {notice.value === '' ? null : (
          <p>
            {notice.value}
            <button type="button" class="icon" aria-label="Dismiss" onClick={() => (notice.value = '')}>
              ✕
            </button>
          </p>
        )}
      </div>
      {overlay.value === 'help' ? <HelpSheet /> : null}
      {overlay.value === 'editor' ? <EditorSheet /> : null}
      {overlay.value === 'views' ? <ViewsSheet /> : null}
      {overlay.value === 'share' ? <ShareSheet /> : null}
      {overlay.value === 'download' ? <DownloadSheet /> : null}
      {dragging ? (
        <div class="drop" aria-hidden="true">
          <p>Drop a profile to open it, two to compare them</p>
        </div>
      ) : null}
    </>
  );
}
