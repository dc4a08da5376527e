// The page written into one file, as the command writes it: every open profile, the view, a note.
import { type Boot, saidIn, type Shared } from '@stackpile/profile';
import { element } from '../came-with.ts';
import { pageOf } from '../page-template.ts';
import { EngineError } from '../engine/error.ts';
import { engine, graphviz, profiles, stackQuery } from '../store.ts';

/** Above this size a browser takes minutes to read the file. */
const mostBytes = 200 * 2 ** 20;

/**
 * The file's text.
 *
 * @param said the verdict as text; '' where there is none
 * @param graph whether it carries the layout program of the call graph
 * @throws {EngineError} where the profiles are too many for one file
 */
export async function makeReport(shared: Shared, said: string, graph: boolean): Promise<Blob> {
  const blocks = new Map<string, string>();
  const sources: { name: string; time: number | null; size: number; data: string }[] = [];
  let bytes = 0;
  const query = stackQuery();
  for (const [index, { id, name, time, size }] of profiles.value.entries()) {
    if (query === null) break;
    const packed = await engine().ask('export', { ...query, profile: id, base: null, kind: 'proto' });
    bytes += packed.bytes.length;
    if (bytes > mostBytes)
      throw new EngineError(
        'REPORT_TOO_LARGE',
        `The open profiles are more than ${mostBytes / 2 ** 20} MB packed, too much for one file: open fewer.`,
      );
    blocks.set(`source-${index}`, toBase64(packed.bytes));
    sources.push({ name, time, size, data: `source-${index}` });
  }
  const load = graph ? graphviz.value : null;
  if (load !== null) blocks.set('graphviz', toBase64(await packed(await load())));
  return reportOf(
    {
      mode: 'report',
      sources,
      graphviz: load === null ? '' : 'graphviz',
      shared,
      ...(said === '' ? {} : { said }),
    },
    blocks,
  );
}

/** The page that runs, booted with something else. Scripts stand in it as they came, so that its policy lets them run. */
export function reportOf(boot: Boot, blocks: ReadonlyMap<string, string>): Blob {
  const text = (selector: string): string => document.querySelector(selector)?.textContent ?? '';
  const chunks = [...document.querySelectorAll<HTMLScriptElement>('body > script[data-chunk]')].map(
    (script) =>
      `<script type="text/plain" data-chunk="${script.dataset['chunk'] ?? ''}">${script.textContent}</script>`,
  );
  const html = pageOf({
    csp: document.querySelector('meta[http-equiv="Content-Security-Policy"]')?.getAttribute('content') ?? '',
    style: text('head > style'),
    worker: element('stackpile-worker'),
    workerLater: element('stackpile-worker-later'),
    said: saidIn(boot),
    boot: scriptJson(boot),
    data: [...blocks]
      .map(([id, base64]) => `<script type="application/octet-stream" id="${id}">${base64}</script>`)
      .join('\n'),
    script: text('body > script:not([type])'),
    chunks: chunks.join('\n'),
  });
  return new Blob([html], { type: 'text/html' });
}

/** JSON that may stand in a script element: no character of it can end the element or begin a comment. */
function scriptJson(value: unknown): string {
  return JSON.stringify(value).replace(
    /[<>&\u2028\u2029]/g,
    (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

async function packed(text: string): Promise<Uint8Array> {
  const stream = new Blob([text]).stream().pipeThrough(new CompressionStream('gzip'));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

/** Base64 in pieces, as not every browser has it built in and no call takes millions of arguments. */
function toBase64(bytes: Uint8Array): string {
  const step = 3 * 2 ** 13;
  let text = '';
  for (let at = 0; at < bytes.length; at += step)
    text += btoa(String.fromCharCode(...bytes.subarray(at, at + step)));
  return text;
}
