// The page's entry: starts the worker, opens what the page came with, shows the view that the URL names.
import type { Boot } from '@stackpile/profile';
import { effect } from '@preact/signals';
import { render } from 'preact';
import { element, sourceRows } from './came-with.ts';
import { installChunks } from './chunks.ts';
import { EngineError } from './engine/error.ts';
import { fetchText, fromBase64 } from './open.ts';
import { App } from './page/App.tsx';
import { onKeyDown } from './page/keys.ts';
import { readBoot, start } from './page/start.ts';
import { readEditor } from './parts/editor.ts';
import { startTheme } from './parts/theme.ts';
import { parseState } from './state.ts';
import {
  connectEngine,
  current,
  graphviz,
  navigate,
  notice,
  readLocation,
  sourcePath,
  sourceText,
  state,
} from './store.ts';
import { runChunk, startWorker } from './trusted.ts';

/** pprof's own addresses (`/ui/top?f=x`) lead to the same view here. */
function takeAddress(): void {
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
}

/** What the server says of a source file. */
interface FileAnswer {
  readonly text?: string;
  /** Where it lies on the server's machine. */
  readonly path?: string;
  /** Why there is no text. */
  readonly reason?: string;
}

/** What the page may ask for, by what it came with: Graphviz, the text of source files. */
function takeMeans(boot: Boot): void {
  if (boot.mode === 'server') {
    const { graphviz: address } = boot;
    graphviz.value = () => fetchText('Graphviz', address);
    if (boot.files) {
      const ask = async (profile: number, file: string): Promise<FileAnswer> => {
        const query = new URLSearchParams({ profile: String(sourceRows.get(profile) ?? -1), path: file });
        return JSON.parse(await fetchText(file, `api/file?${query.toString()}`)) as FileAnswer;
      };
      sourceText.value = async (profile, file) => {
        const { text, reason } = await ask(profile, file);
        if (text === undefined) throw new EngineError('NO_FILE', reason ?? 'The file could not be read.');
        return text;
      };
      sourcePath.value = async (profile, file) => (await ask(profile, file)).path ?? '';
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
}

/** Resolves when the whole page has arrived: its chunks stand behind the first script. */
async function arrived(): Promise<void> {
  if (document.readyState !== 'loading') return;
  await new Promise((resolve) => {
    document.addEventListener('DOMContentLoaded', resolve, { once: true });
  });
}

function main(): void {
  installChunks(arrived, runChunk);
  const boot = readBoot();
  startTheme();
  readEditor();
  effect(() => {
    const shown = current.value;
    document.title = shown === null ? 'Stackpile' : `${shown.name} · Stackpile`;
  });
  let fade = 0;
  effect(() => {
    window.clearTimeout(fade);
    if (notice.value !== '') fade = window.setTimeout(() => (notice.value = ''), 8000);
  });

  takeAddress();
  takeMeans(boot);
  connectEngine(startWorker(element('stackpile-worker'), element('stackpile-worker-later')));
  // Before anything is drawn: the profile is on its way meanwhile.
  void start(boot);
  addEventListener('popstate', readLocation);
  addEventListener('hashchange', readLocation);
  document.addEventListener('keydown', onKeyDown);
  const root = document.getElementById('app');
  // What a report says without a script stands there until now.
  root?.replaceChildren();
  if (root !== null) render(<App />, root);
}

main();
