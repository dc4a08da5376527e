// Which editor places open in, and where the sources lie on this machine.
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { notice, overlay } from '../store.ts';
import { Dialog } from './controls.tsx';
import {
  editorAddress,
  editorName,
  editors,
  editorTemplate,
  keepEditor,
  sourceFolder,
  templateProblem,
} from './editor.ts';

export function EditorSheet(): JSX.Element {
  const [template, setTemplate] = useState(editorTemplate.value);
  const [folder, setFolder] = useState(sourceFolder.value);
  const problem = templateProblem(template);
  const close = (): void => {
    overlay.value = 'none';
  };
  const known = editors.some((one) => one.template === template);
  return (
    <Dialog title="Editor" close={close}>
      <form
        class="form"
        onSubmit={(event) => {
          event.preventDefault();
          if (problem !== '') return;
          keepEditor(template, folder);
          notice.value = `Places open in ${editorName(template)}.`;
          close();
        }}
      >
        <label>
          <span>Places open in</span>
          <select
            autofocus
            value={known ? template : ''}
            onChange={(event) => setTemplate(event.currentTarget.value || 'vscode://file{path}:{line}')}
          >
            {editors.map(({ name, template: value }) => (
              <option key={name} value={value}>
                {name}
              </option>
            ))}
            <option value="">another one</option>
          </select>
        </label>
        <label>
          <span>
            Address, with {'{path}'}, {'{line}'} and {'{column}'}
          </span>
          <input
            type="text"
            spellcheck={false}
            autocomplete="off"
            value={template}
            aria-invalid={problem !== ''}
            aria-describedby="editor-problem"
            onInput={(event) => setTemplate(event.currentTarget.value)}
          />
        </label>
        <label>
          <span>Folder of the sources, for paths that do not begin at the root of the disk</span>
          <input
            type="text"
            spellcheck={false}
            autocomplete="off"
            placeholder="/home/me/service"
            value={folder}
            onInput={(event) => setFolder(event.currentTarget.value)}
          />
        </label>
        <p id="editor-problem" class="hint" role="status">
          {problem === '' ? `As in ${editorAddress(template, '/srv/app/server.mjs', 12)}` : problem}
        </p>
        <p class="row">
          <button type="submit" class="primary" disabled={problem !== ''}>
            Keep
          </button>
          <span class="hint">This browser keeps it; nothing is sent.</span>
        </p>
      </form>
    </Dialog>
  );
}
