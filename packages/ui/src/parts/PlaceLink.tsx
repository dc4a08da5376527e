// A place in a source file that opens in the reader's editor, and copies.
import type { JSX } from 'preact';
import { current, notice, overlay, sentence, sourcePath } from '../store.ts';
import { copyText } from './controls.tsx';
import { absolutePath, editorAddress, editorName, editorTemplate, isLocal, sourceFolder } from './editor.ts';
import { Place } from './Place.tsx';

interface Where {
  readonly file: string;
  /** 0 where unknown. */
  readonly line: number;
}

function placeText({ file, line }: Where): string {
  return line > 0 ? `${file}:${line}` : file;
}

/** Copies a place as `file:line`. */
export function copyPlace(where: Where): void {
  copyText(placeText(where), `${placeText(where)} copied`);
}

/** The address of a place in the editor; null where nobody knows yet where its file lies. */
function addressOf({ file, line }: Where): string | null {
  const path = absolutePath(file, sourceFolder.value);
  return path === null ? null : editorAddress(editorTemplate.value, path, line);
}

/** Opens a place in the editor; asks whoever may know where a relative path lies, at last the reader. */
export async function openPlace(where: Where): Promise<void> {
  const known = addressOf(where);
  if (known !== null) {
    location.assign(known);
    return;
  }
  const ask = sourcePath.value;
  try {
    const path = ask === null ? '' : await ask(current.value?.id ?? -1, where.file);
    const found = absolutePath(path, '');
    if (found !== null) {
      location.assign(editorAddress(editorTemplate.value, found, where.line));
      return;
    }
  } catch (error) {
    notice.value = sentence(error);
  }
  overlay.value = 'editor';
}

/** What a key on a place does: `c` copies it. */
function onKey(event: KeyboardEvent, where: Where): void {
  if (event.ctrlKey || event.metaKey || event.altKey || event.key !== 'c') return;
  event.preventDefault();
  event.stopPropagation();
  copyPlace(where);
}

/** As {@link Place}, but to be opened and copied. Not to be put into a button. */
export function PlaceLink({
  file,
  line,
  parts,
}: Where & {
  readonly parts: number;
}): JSX.Element {
  if (!isLocal(file)) return <Place file={file} line={line} parts={parts} title={file} />;
  const where = { file, line };
  const href = addressOf(where);
  const title = `${placeText(where)}\nOpen in ${editorName(editorTemplate.value)}; c copies`;
  const place = <Place file={file} line={line} parts={parts} />;
  return (
    <span class="place-box">
      {href === null ? (
        <button
          type="button"
          class="place-link"
          title={title}
          onClick={() => void openPlace(where)}
          onKeyDown={(event) => onKey(event, where)}
        >
          {place}
        </button>
      ) : (
        <a class="place-link" href={href} title={title} onKeyDown={(event) => onKey(event, where)}>
          {place}
        </a>
      )}
      <button
        type="button"
        class="place-copy"
        tabIndex={-1}
        aria-label={`Copy ${placeText(where)}`}
        title="Copy"
        onClick={() => copyPlace(where)}
      >
        <svg viewBox="0 0 16 16" aria-hidden="true">
          <path d="M5.5 5.5v-3h8v8h-3m-8-5h8v8h-8z" />
        </svg>
      </button>
    </span>
  );
}
