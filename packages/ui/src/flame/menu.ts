// What one can do with a box, each with its key: the menu, the keys and the buttons below the graph are made of this.
import { mergedFrame, rootFrame } from '@stackpile/report/flame';
import type { FlameAnswer } from '../engine/questions/flame.ts';
import { boxPattern, exactPattern } from '../pattern.ts';
import { formatPercent, formatValue } from '../format.ts';
import { copyText, type MenuItem } from '../parts/controls.tsx';
import { navigate, state } from '../store.ts';
import { isLocal } from '../parts/editor.ts';
import { openPlace } from '../parts/PlaceLink.tsx';
import type { Hit } from './picture.ts';
import { fullPath } from './zoom.ts';

/** What one can do with a box; each with its key. */
export function boxActions(answer: FlameAnswer, hit: Hit, zoomTo: (hit: Hit) => void): MenuItem[] {
  const layout = hit.kind === 'box' && hit.layer === 1 ? answer.callers : answer.layout;
  const frame =
    hit.kind === 'path'
      ? hit.index === 0
        ? rootFrame
        : (answer.path[hit.index - 1] ?? rootFrame)
      : (layout?.frame[hit.box] ?? rootFrame);
  const items: MenuItem[] = [{ label: 'Zoom in', key: 'Enter', run: () => zoomTo(hit) }];
  if (frame === rootFrame || frame === mergedFrame) return items;
  const name = answer.frames.name[frame] ?? '';
  const file = answer.frames.file[frame] ?? '';
  const exact = exactPattern(name);
  items.push(
    {
      label: 'Sandwich: callers and callees',
      key: 'w',
      run: () => navigate({ mode: 'sandwich', pivot: exact, zoom: '' }),
    },
    ...filterActions(boxPattern(name, state.value.granularity)),
    {
      label: 'Peek: direct callers and callees',
      key: 'p',
      run: () => navigate({ view: 'peek', pivot: exact }),
    },
  );
  if (file !== '')
    items.push({ label: 'Source', key: 's', run: () => navigate({ view: 'source', pivot: exact, file }) });
  if (isLocal(file))
    items.push({
      label: 'Open in the editor',
      key: 'e',
      run: () => void openPlace({ file, line: answer.frames.line[frame] ?? 0 }),
    });
  items.push(
    { label: 'Copy stack as text', key: 'c', run: () => copyText(stackText(answer, hit), 'Stack copied') },
    { label: 'Copy name', key: 'y', run: () => copyText(name, 'Name copied') },
  );
  return items;
}

/** Filters by what matches `pattern`; none where nothing says it. */
function filterActions(pattern: string | null): readonly MenuItem[] {
  if (pattern === null) return [];
  const joined = (old: string): string => (old === '' ? pattern : `${old}|${pattern}`);
  return [
    {
      label: 'Focus: only stacks with it',
      key: 'f',
      run: () => navigate({ focus: pattern, zoom: '' }),
    },
    {
      label: 'Ignore: only stacks without it',
      key: 'x',
      run: () => navigate({ ignore: joined(state.value.ignore), zoom: '' }),
    },
    {
      label: 'Hide this function',
      key: 'h',
      run: () => navigate({ hide: joined(state.value.hide), zoom: '' }),
    },
    { label: 'Show from here down', key: 'b', run: () => navigate({ showFrom: pattern, zoom: '' }) },
  ];
}

/** A stack as a person pastes it into a ticket: leaf first, with places and the share. */
export function stackText(answer: FlameAnswer, hit: Hit): string {
  const layer = hit.kind === 'box' ? hit.layer : 0;
  const rows = hit.kind === 'path' ? answer.path.slice(0, hit.index) : fullPath(answer, layer, hit.box);
  const layout = layer === 1 && answer.callers !== null ? answer.callers : answer.layout;
  const weight = hit.kind === 'path' ? (answer.pathWeights[hit.index] ?? 0) : (layout.weight[hit.box] ?? 0);
  const head = `${formatValue(weight, answer.unit)} ${answer.type} (${formatPercent(weight, answer.total)})`;
  const lines = rows
    .filter((row) => row !== mergedFrame && row !== rootFrame)
    .map((row) => {
      const file = answer.frames.file[row] ?? '';
      const line = answer.frames.line[row] ?? 0;
      return `  ${answer.frames.name[row] ?? ''}${file === '' ? '' : `\n      ${file}${line > 0 ? `:${line}` : ''}`}`;
    });
  if (layer === 0 && state.value.mode !== 'up') lines.reverse();
  return `${head}\n${lines.join('\n')}\n`;
}
