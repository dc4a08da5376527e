// The same flame graph for assistive technology: a tree around the selected box, in step with the canvas.
import type { Signal } from '@preact/signals';
import { boxDepth } from '@stackpile/report/flame';
import type { JSX } from 'preact';
import { formatPercent, formatValue } from '../format.ts';
import { boxFacts } from './facts.ts';
import type { Hit, Picture } from './picture.ts';

/** Siblings and children listed at most; the arrow keys reach all of them. */
const listed = 40;

export function FlameTree({
  picture,
  selected,
  onKeyDown,
  select,
}: {
  readonly picture: Picture;
  readonly selected: Signal<Hit>;
  readonly onKeyDown: (event: KeyboardEvent) => void;
  readonly select: (hit: Hit) => void;
}): JSX.Element {
  const { answer } = picture;
  const hit = selected.value;
  const layer = hit.kind === 'box' ? hit.layer : 0;
  const layout = (picture.layers[layer] ?? picture.layers[0])?.layout ?? answer.layout;
  const box = hit.kind === 'box' ? Math.min(hit.box, layout.length - 1) : 0;
  const level = boxDepth(layout, box);

  const ancestors: number[] = [];
  for (let at = layout.parent[box] as number; at >= 0; at = layout.parent[at] as number) ancestors.push(at);
  ancestors.reverse();
  const siblings = range(layout.parent, layout.levelStart, level, layout.parent[box] as number, box);
  const children = range(layout.parent, layout.levelStart, level + 1, box, -1);

  const item = (at: number, itemLevel: number, set: readonly number[]): JSX.Element => {
    const facts = boxFacts(answer, layout, at);
    const text = `${facts.name}, ${formatValue(facts.weight, answer.unit)}, ${formatPercent(facts.weight, answer.total)}${facts.place === '' ? '' : `, ${facts.place}`}`;
    return (
      <div
        role="treeitem"
        id={`box-${layer}-${at}`}
        key={at}
        aria-level={itemLevel + 1}
        aria-setsize={Math.max(1, set.length)}
        aria-posinset={Math.max(1, set.indexOf(at) + 1)}
        aria-selected={at === box}
        aria-expanded={at === box && children.length > 0}
        onClick={() => select({ kind: 'box', layer, box: at })}
      >
        {text.slice(0, 400)}
      </div>
    );
  };
  return (
    <div
      class="flame-tree"
      role="tree"
      tabIndex={0}
      aria-label="Flame graph. Arrow keys move, Enter zooms in, Backspace zooms out, m opens the menu, question mark lists all keys."
      aria-activedescendant={`box-${layer}-${box}`}
      onKeyDown={onKeyDown}
    >
      {ancestors.map((at, index) => item(at, index, [at]))}
      {siblings.map((at) => item(at, level, siblings))}
      {children.map((at) => item(at, level + 1, children))}
    </div>
  );
}

/** Boxes of a level with one parent, near `near` where there are many. */
function range(
  parents: Int32Array,
  levelStart: Uint32Array,
  level: number,
  parent: number,
  near: number,
): number[] {
  const end = levelStart[level + 1];
  if (end === undefined) return [];
  let low = levelStart[level] as number;
  let high = end;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((parents[middle] as number) < parent) low = middle + 1;
    else high = middle;
  }
  let last = low;
  while (last < end && parents[last] === parent) last++;
  const first = near < 0 ? low : Math.max(low, Math.min(near - listed / 2, last - listed));
  return Array.from({ length: Math.min(listed, last - first) }, (_, i) => first + i);
}
