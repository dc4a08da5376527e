// pprof's saved views as a menu: go to one, save what is shown as one, remove one. They are kept where pprof keeps them.
// Upstream: google/pprof internal/driver/settings.go, 2025-11-14
import type { JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { fetchText } from '../open.ts';
import { isShown, keptOf, type SavedView, takenFrom } from '../saved-views.ts';
import { navigate, notice, overlay, sentence, state } from '../store.ts';
import { Dialog } from './controls.tsx';

/** pprof's own, which nobody saves. */
const plain: SavedView = { name: 'Default', query: '' };

const ask = (address: string): Promise<string> => fetchText('Saved views', address);

function close(): void {
  overlay.value = 'none';
}

function goTo({ query }: SavedView): void {
  navigate(takenFrom(query));
  close();
}

export function ViewsSheet(): JSX.Element {
  const [views, setViews] = useState<readonly SavedView[] | null>(null);
  const [problem, setProblem] = useState('');
  const [name, setName] = useState('');
  const wanted = name.trim();
  const taken = views?.some((view) => view.name === wanted) === true;
  const after = async (change: Promise<unknown>): Promise<void> => {
    try {
      await change;
      setViews(JSON.parse(await ask('api/views')) as readonly SavedView[]);
      setProblem('');
    } catch (error) {
      setProblem(sentence(error));
    }
  };
  const remove = (view: SavedView): void =>
    void after(ask(`deleteconfig?${new URLSearchParams({ config: view.name }).toString()}`));
  const save = async (): Promise<void> => {
    const query = keptOf(state.value);
    query.set('config', wanted);
    try {
      await ask(`api/saveview?${query.toString()}`);
      notice.value = `Saved as ${wanted}.`;
      close();
    } catch (error) {
      setProblem(sentence(error));
    }
  };
  useEffect(() => void after(Promise.resolve()), []);
  return (
    <Dialog title="Saved views" close={close}>
      <form
        class="form"
        aria-busy={views === null && problem === ''}
        onSubmit={(event) => {
          event.preventDefault();
          if (wanted !== '') void save();
        }}
      >
        <ul class="saved">
          {[plain, ...(views ?? [])].map((view, index) => (
            <Row key={index} view={view} remove={index === 0 ? null : () => remove(view)} />
          ))}
        </ul>
        <label>
          <span>Save the filters, boxes and order of this view as</span>
          <input
            type="text"
            autofocus
            spellcheck={false}
            autocomplete="off"
            placeholder="a name"
            list="saved-names"
            value={name}
            onInput={(event) => setName(event.currentTarget.value)}
          />
        </label>
        <datalist id="saved-names">
          {views?.map((view) => (
            <option key={view.name} value={view.name} />
          ))}
        </datalist>
        <p class="row">
          <button type="submit" class="primary" disabled={wanted === ''}>
            {taken ? 'Replace' : 'Save'}
          </button>
          <span class="hint" role="status">
            {problem === '' ? 'pprof’s page has the same views.' : problem}
          </span>
        </p>
      </form>
    </Dialog>
  );
}

/** A view; one that somebody saved goes after a second click, as nothing brings it back. */
function Row({
  view,
  remove,
}: {
  readonly view: SavedView;
  readonly remove: (() => void) | null;
}): JSX.Element {
  const [sure, setSure] = useState(false);
  return (
    <li>
      <button type="button" class="saved-view" onClick={() => goTo(view)}>
        <b>{view.name}</b>
        <span aria-hidden="true">{isShown(view, state.value) ? '✓' : ''}</span>
        {isShown(view, state.value) ? <span class="offscreen">, shown now</span> : null}
      </button>
      {remove === null ? null : (
        <button
          type="button"
          class={sure ? 'chip' : 'icon'}
          aria-label={sure ? `Remove ${view.name} for good` : `Remove ${view.name}`}
          onClick={() => (sure ? remove() : setSure(true))}
          onBlur={() => setSure(false)}
        >
          {sure ? 'Remove?' : '✕'}
        </button>
      )}
    </li>
  );
}
