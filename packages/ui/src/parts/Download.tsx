// Downloads of the profile shown: whole, or as other tools and people read it.
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { ExportKind } from '../engine/questions/export.ts';
import { engine, notice, overlay, sentence, stackQuery } from '../store.ts';
import { Dialog } from './controls.tsx';
import { saveFile } from './save-file.ts';

const kinds: readonly { readonly kind: ExportKind; readonly name: string; readonly text: string }[] = [
  {
    kind: 'proto',
    name: 'pprof',
    text: 'The whole profile, unfiltered: .pb.gz for go tool pprof and friends',
  },
  {
    kind: 'folded',
    name: 'Folded stacks',
    text: 'One line per stack with the filters in force, for scripts',
  },
  { kind: 'svg', name: 'SVG', text: 'The flame graph as a standing picture' },
  { kind: 'speedscope', name: 'speedscope', text: 'JSON for speedscope, with the filters in force' },
  { kind: 'markdown', name: 'Markdown', text: 'The top functions as a table for a ticket or a pull request' },
];

export function DownloadSheet(): JSX.Element {
  const [busy, setBusy] = useState<ExportKind | null>(null);
  const close = (): void => {
    overlay.value = 'none';
  };
  const run = (kind: ExportKind): void => {
    const query = stackQuery();
    if (query === null) return;
    setBusy(kind);
    engine()
      .ask('export', { ...query, kind })
      .then(({ bytes, mediaType, fileName }) => {
        saveFile(new Blob([bytes], { type: mediaType }), fileName);
        close();
      })
      .catch((error: unknown) => {
        notice.value = sentence(error);
        close();
      });
  };
  return (
    <Dialog title="Download" close={close}>
      <ul class="downloads">
        {kinds.map(({ kind, name, text }) => (
          <li key={kind}>
            <button type="button" disabled={busy !== null} onClick={() => run(kind)}>
              <b>{busy === kind ? 'Preparing…' : name}</b>
              <span>{text}</span>
            </button>
          </li>
        ))}
      </ul>
    </Dialog>
  );
}
