// Sharing: the page as one file, a link and who can open it, paper.
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { bootMode, sourceRows } from '../came-with.ts';
import { copyText, Dialog } from '../parts/controls.tsx';
import { saveFile } from '../parts/save-file.ts';
import { engine, graphviz, notice, overlay, profiles, said, sentence, shared, theme } from '../store.ts';
import { verdictQuestion, watchedCounters } from '../verdict-question.ts';
import { audience } from './audience.ts';
import { makeReport } from './report.ts';

export function ShareSheet(): JSX.Element {
  const [note, setNote] = useState(shared.value?.note ?? '');
  const [graph, setGraph] = useState(graphviz.value !== null);
  const [busy, setBusy] = useState(false);
  const list = profiles.value;
  const close = (): void => {
    overlay.value = 'none';
  };
  const save = async (): Promise<void> => {
    setBusy(true);
    try {
      const report = await makeReport(
        { time: Date.now(), view: location.hash, note: note.trim(), counters: watchedCounters() },
        await verdictText(),
        graph,
      );
      saveFile(report, 'report.html');
      close();
    } catch (error) {
      notice.value = sentence(error);
      close();
    }
  };
  return (
    <Dialog title="Share" close={close}>
      <form
        class="form"
        onSubmit={(event) => {
          event.preventDefault();
          void save();
        }}
      >
        <p>
          One file with{' '}
          {list.length === 1
            ? 'the profile that is'
            : list.length === 2
              ? 'both profiles that are'
              : `all ${list.length} profiles that are`}{' '}
          open, this view and what it says. It opens in any browser, offline.
        </p>
        <label>
          <span>A note for whoever opens it</span>
          <textarea rows={3} value={note} onInput={(event) => setNote(event.currentTarget.value)} />
        </label>
        {graphviz.value === null ? null : (
          <label class="check">
            <input
              type="checkbox"
              checked={graph}
              onChange={(event) => setGraph(event.currentTarget.checked)}
            />
            <span>with the call graph, 0.8 MB more</span>
          </label>
        )}
        <p class="row">
          <button type="submit" class="primary" disabled={busy} autofocus>
            {busy ? 'Writing…' : 'Save report.html'}
          </button>
          <button type="button" class="chip" onClick={() => void print(close)}>
            Print
          </button>
        </p>
      </form>
      <div class="share-link">
        <p class="row">
          <button
            type="button"
            class="chip"
            onClick={() => {
              copyText(location.href, 'Link copied');
              close();
            }}
          >
            Copy link
          </button>
          <span>View, zoom, filters and search are in the address.</span>
        </p>
        <p class="hint">
          <b>Who can open it:</b>{' '}
          {audience({
            mode: bootMode.value,
            protocol: location.protocol,
            hostname: location.hostname,
            added: list.filter(({ id }) => !sourceRows.has(id)).length,
          })}
        </p>
      </div>
    </Dialog>
  );
}

/** The verdict on what is open; '' where there is none on it. */
async function verdictText(): Promise<string> {
  const question = verdictQuestion();
  if (question === null) return '';
  try {
    return (await engine().ask('verdict', question)).text;
  } catch {
    // Profiles that count nothing that lives: nobody judges them.
    return '';
  }
}

/** Prints in the colours of paper, with the verdict: the canvas is painted anew first. */
async function print(close: () => void): Promise<void> {
  close();
  said.value = await verdictText();
  const before = theme.value;
  document.documentElement.dataset['theme'] = theme.value = 'light';
  const frame = (): Promise<unknown> => new Promise((resolve) => requestAnimationFrame(resolve));
  for (let i = 0; i < 3; i++) await frame();
  window.print();
  document.documentElement.dataset['theme'] = theme.value = before;
}
