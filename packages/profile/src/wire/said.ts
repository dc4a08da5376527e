// What a report file says where no script runs: in a mail, in the preview of a ticket, on a machine that allows none.
import { safeText } from '../safe-text.ts';
import type { Boot } from './boot.ts';

/** Longest line that is shown. */
const longestLine = 4000;

/** The markup of it: the note, the verdict, what is in the file; '' for a page that is no report. */
export function saidIn(boot: Boot): string {
  if (boot.mode !== 'report') return '';
  const { sources, shared, said = '' } = boot;
  const note = shared?.note ?? '';
  const items = sources.map(({ name, time }) => {
    const at = time === null || Math.abs(time) > mostTime ? '' : ` · ${new Date(time).toISOString()}`;
    return `<li>${escaped(`${name}${at}`)}</li>`;
  });
  return [
    '<article class="said"><h1>Stackpile report</h1>',
    note === '' ? '' : `<p>${escaped(note)}</p>`,
    said === '' ? '' : `<pre>${escaped(said)}</pre>`,
    `<h2>In this file</h2><ul>${items.join('')}</ul></article>`,
  ].join('');
}

/** Beyond it no calendar goes. */
const mostTime = 8.64e15;

const entities: Readonly<Record<string, string>> = {
  '<': '&lt;',
  '>': '&gt;',
  '&': '&amp;',
  '"': '&quot;',
  "'": '&#39;',
};

/** Text as the content of an element: no markup begins in it, and nothing in it hides or turns around what follows. */
function escaped(text: string): string {
  return text
    .split('\n')
    .map((line) => safeText(line, longestLine).replace(/[<>&"']/gu, (sign) => entities[sign] ?? ''))
    .join('\n');
}
