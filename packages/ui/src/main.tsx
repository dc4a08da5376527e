// The page's entry: starts the worker, opens what the page came with, shows the view that the URL names.
import { effect } from '@preact/signals';
import type { JSX } from 'preact';
import { render } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { EngineError } from './engine/client.ts';
import { FlameView } from './flame/FlameView.tsx';
import { type Boot, fetchText, fromBase64, open, openFiles, setToken } from './open.ts';
import { DownloadSheet } from './parts/Download.tsx';
import { Header, resetFilters, toggleTheme, viewTitles } from './parts/Header.tsx';
import { HelpSheet } from './parts/Help.tsx';
import { Insight } from './parts/Insight.tsx';
import { Failure, Loading } from './parts/states.tsx';
import { libraryModes, parseState } from './state.ts';
import {
  connectEngine,
  current,
  graphviz,
  live,
  navigate,
  notice,
  overlay,
  profiles,
  readLocation,
  sentence,
  sourceText,
  state,
  status,
  tabs,
  theme,
} from './store.ts';
import { startWorker } from './trusted.ts';
import { CompareView } from './views/Compare.tsx';
import { GraphView } from './views/Graph.tsx';
import { LiveView } from './views/Live.tsx';
import { PeekView } from './views/Peek.tsx';
import { RawView } from './views/Raw.tsx';
import { SourceView } from './views/Source.tsx';
import { TasksView } from './views/Tasks.tsx';
import { TopView } from './views/Top.tsx';
import { VerdictView } from './views/Verdict.tsx';

/** Views that have something to say of a profile without samples. */
const emptyViews: ReadonlySet<string> = new Set(['verdict', 'raw', 'compare', 'live']);

function View(): JSX.Element {
  const shown = current.value;
  if (shown?.samples === 0 && !emptyViews.has(state.value.view)) {
    return (
      <Failure
        title="This profile is empty"
        message={`${shown.name} has no samples: nothing ran while it was recorded. Record for longer, or while the service has work to do, or open another profile.`}
      >
        <Chooser />
      </Failure>
    );
  }
  switch (state.value.view) {
    case 'verdict':
      return <VerdictView />;
    case 'flame':
      return (
        <>
          <Insight />
          <FlameView />
        </>
      );
    case 'top':
      return (
        <>
          <Insight />
          <TopView />
        </>
      );
    case 'graph':
      return <GraphView />;
    case 'peek':
      return <PeekView />;
    case 'source':
      return <SourceView />;
    case 'tasks':
      return (
        <>
          <Insight />
          <TasksView />
        </>
      );
    case 'raw':
      return <RawView />;
    case 'compare':
      return <CompareView />;
    case 'live':
      return <LiveView />;
  }
}

function App(): JSX.Element {
  const now = status.value;
  const [dragging, setDragging] = useState(false);
  useEffect(() => {
    let depth = 0;
    const hasFiles = (event: DragEvent): boolean => event.dataTransfer?.types.includes('Files') === true;
    const enter = (event: DragEvent): void => {
      if (!hasFiles(event)) return;
      depth++;
      setDragging(true);
    };
    const leave = (): void => {
      depth = Math.max(0, depth - 1);
      if (depth === 0) setDragging(false);
    };
    const over = (event: DragEvent): void => event.preventDefault();
    const drop = (event: DragEvent): void => {
      event.preventDefault();
      depth = 0;
      setDragging(false);
      void openFiles([...(event.dataTransfer?.files ?? [])]);
    };
    addEventListener('dragenter', enter);
    addEventListener('dragleave', leave);
    addEventListener('dragover', over);
    addEventListener('drop', drop);
    return () => {
      removeEventListener('dragenter', enter);
      removeEventListener('dragleave', leave);
      removeEventListener('dragover', over);
      removeEventListener('drop', drop);
    };
  }, []);
  return (
    <>
      <Header />
      <main id="view">
        {now.kind === 'ready' && state.value.view !== 'verdict' ? (
          <h1 class="offscreen">{viewTitles[state.value.view]}</h1>
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
      {overlay.value === 'download' ? <DownloadSheet /> : null}
      {dragging ? (
        <div class="drop" aria-hidden="true">
          <p>Drop a profile to open it, two to compare them</p>
        </div>
      ) : null}
    </>
  );
}

function Chooser(): JSX.Element {
  return (
    <label class="primary chooser">
      Choose files
      <input
        type="file"
        multiple
        onChange={(event) => void openFiles([...(event.currentTarget.files ?? [])])}
      />
    </label>
  );
}

function Empty(): JSX.Element {
  return (
    <div class="state empty">
      <h1>Drop a profile here</h1>
      <p>
        A pprof file of a Node or Go service, a goroutine dump, or what V8 writes. Drop two to compare them,
        more to see what grows. Nothing leaves this page.
      </p>
      <Chooser />
    </div>
  );
}

function Lock({ message }: { readonly message: string }): JSX.Element {
  const [value, setValue] = useState('');
  return (
    <form
      class="state"
      onSubmit={(event) => {
        event.preventDefault();
        setToken(value);
        void start();
      }}
    >
      <h1>Token</h1>
      <p>{message}</p>
      <label class="field">
        <span>Token</span>
        <input
          type="password"
          autocomplete="off"
          value={value}
          onInput={(event) => setValue(event.currentTarget.value)}
        />
      </label>
      <button type="submit" class="primary">
        Open
      </button>
      <p class="hint">It stays in the memory of this page until you close it.</p>
    </form>
  );
}

/** A key that the page hands on to the graph. */
class ForwardedKey extends KeyboardEvent {
  constructor(type: string, { key, shiftKey }: KeyboardEvent) {
    super(type, { key, shiftKey, bubbles: false, cancelable: true });
  }
}

/** Keys that work everywhere; those of a view stop before they get here. */
function onKeyDown(event: KeyboardEvent): void {
  if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
  const target = event.target;
  if (target instanceof HTMLElement && target.matches('input:not([type="file"]), select, textarea, dialog *'))
    return;
  // The graph takes its keys also from the page and from buttons, which need but two: nobody should have to tab to it first.
  const idle =
    target === document.body ||
    (target instanceof HTMLElement &&
      target.matches('button, a') &&
      event.key !== 'Enter' &&
      event.key !== ' ');
  if (idle && !(event instanceof ForwardedKey)) {
    const tree = document.querySelector<HTMLElement>('.flame-tree, .graph-sheet');
    if (tree !== null && tree.dispatchEvent(new ForwardedKey('keydown', event)) === false) {
      event.preventDefault();
      return;
    }
  }
  // As on the keyboard: 1 is the first view and 0 the tenth.
  const digit = /^\d$/.test(event.key) ? Number(event.key) || 10 : 0;
  const tab = digit === 0 ? undefined : tabs.value[digit - 1];
  const move = (by: number): void => {
    const { length } = profiles.value;
    const now = current.value === null ? 0 : profiles.value.indexOf(current.value);
    if (length > 1) navigate({ source: (now + by + length) % length, zoom: '' });
  };
  const libraries =
    libraryModes[(libraryModes.indexOf(state.value.libraries) + 1) % libraryModes.length] ?? 'show';
  const keys: Readonly<Record<string, () => void>> = {
    '?': () => (overlay.value = 'help'),
    '/': () => document.getElementById('search')?.focus(),
    t: toggleTheme,
    d: () => (overlay.value = 'download'),
    r: resetFilters,
    l: () => navigate({ libraries, zoom: '' }),
    '[': () => move(-1),
    ']': () => move(1),
    g: () => navigate({ mode: 'down', zoom: '' }),
    i: () => navigate({ mode: 'up', zoom: '' }),
    o: () => navigate({ mode: 'time', zoom: '' }),
    v: () => navigate({ flip: !state.value.flip }),
    Escape: () => (notice.value = ''),
  };
  const run = tab === undefined ? keys[event.key] : () => navigate({ view: tab });
  if (run === undefined || (current.value === null && !['?', 't'].includes(event.key))) return;
  event.preventDefault();
  run();
}

function element(id: string): string {
  return document.getElementById(id)?.textContent ?? '';
}

let boot: Boot = { mode: 'none' };

/** Opens what the page came with. Runs again after a token was typed. */
async function start(): Promise<void> {
  try {
    switch (boot.mode) {
      case 'none':
        status.value = { kind: 'empty' };
        return;
      case 'server': {
        live.value = boot.live;
        for (const { name, address, time, size } of boot.sources) {
          status.value = { kind: 'loading', text: `Loading ${name}`, share: null };
          await open(name, address, time, size);
        }
        break;
      }
      case 'report':
        for (const { name, data, time, size } of boot.sources) {
          status.value = { kind: 'loading', text: `Reading ${name}`, share: null };
          await open(name, fromBase64(element(data)), time, size);
        }
        break;
      case 'agent': {
        status.value = { kind: 'loading', text: 'Asking the service for its tasks', share: null };
        live.value = { name: boot.name, base: boot.base, heavy: false };
        const clock = new Date().toTimeString().slice(0, 8);
        await open(`goroutine ${clock}`, `${boot.base}goroutine`, Date.now());
        break;
      }
    }
    if (profiles.value.length === 0) {
      status.value = { kind: 'empty' };
      return;
    }
    readLocation();
    status.value = { kind: 'ready' };
  } catch (error) {
    status.value =
      error instanceof EngineError && (error.status === 401 || error.status === 403) && boot.mode === 'agent'
        ? { kind: 'locked', message: 'This service wants a token before it shows its profiles.' }
        : { kind: 'error', message: sentence(error) };
  }
}

function readBoot(): Boot {
  try {
    return JSON.parse(element('stackpile-boot')) as Boot;
  } catch {
    return { mode: 'none' };
  }
}

function main(): void {
  boot = readBoot();
  const dark = matchMedia('(prefers-color-scheme: dark)');
  let stored: string | null = null;
  try {
    stored = localStorage.getItem('stackpile-theme');
  } catch {
    // No storage: the system's choice counts.
  }
  theme.value = stored === 'dark' || stored === 'light' ? stored : dark.matches ? 'dark' : 'light';
  dark.addEventListener('change', () => {
    if (stored === null) theme.value = dark.matches ? 'dark' : 'light';
  });
  effect(() => {
    document.documentElement.dataset['theme'] = theme.value;
  });
  effect(() => {
    const shown = current.value;
    document.title = shown === null ? 'Stackpile' : `${shown.name} · Stackpile`;
  });
  let fade = 0;
  effect(() => {
    window.clearTimeout(fade);
    if (notice.value !== '') fade = window.setTimeout(() => (notice.value = ''), 8000);
  });

  // pprof's own addresses (`/ui/top?f=x`) lead to the same view here.
  if (location.hash === '' && location.protocol.startsWith('http')) {
    const page = location.pathname.split('/').at(-1) ?? '';
    const query = new URLSearchParams(location.search);
    query.delete('token');
    if (page !== '' && page !== 'ui' && (page !== 'flamegraph' || query.size > 0)) {
      const wanted = parseState(page, query);
      state.value = wanted;
      navigate(wanted, true);
    }
  }
  if (boot.mode === 'server') {
    const { graphviz: address } = boot;
    graphviz.value = () => fetchText('Graphviz', address);
    if (boot.files) {
      sourceText.value = async (profile, file) => {
        const query = new URLSearchParams({ profile: String(profile), path: file });
        const answer = JSON.parse(await fetchText(file, `api/file?${query.toString()}`)) as {
          text?: string;
          reason?: string;
        };
        if (answer.text === undefined)
          throw new EngineError('NO_FILE', answer.reason ?? 'The file could not be read.');
        return answer.text;
      };
    }
  } else if (boot.mode === 'report' && boot.graphviz !== '') {
    const { graphviz: id } = boot;
    graphviz.value = async () => {
      const packed = new Blob([fromBase64(element(id))])
        .stream()
        .pipeThrough(new DecompressionStream('gzip'));
      return new Response(packed).text();
    };
  }
  connectEngine(startWorker(element('stackpile-worker')));
  // Before anything is drawn: the profile is on its way meanwhile.
  void start();
  addEventListener('popstate', readLocation);
  addEventListener('hashchange', readLocation);
  document.addEventListener('keydown', onKeyDown);
  const root = document.getElementById('app');
  if (root !== null) render(<App />, root);
}

main();
