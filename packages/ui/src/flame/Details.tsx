// Below the flame graph: the box under the pointer or the selected one, in numbers, and the most wanted of what one can do.
import type { JSX } from 'preact';
import { formatDelta, formatPercent, formatValue } from '../format.ts';
import type { MenuItem } from '../parts/controls.tsx';
import { PlaceLink } from '../parts/PlaceLink.tsx';
import { deltaClass } from './colors.ts';
import { hitFacts } from './facts.ts';
import type { Hit, Picture } from './picture.ts';

export function Details({
  picture,
  hit,
  selected,
  actions,
  compare,
}: {
  readonly picture: Picture;
  readonly hit: { readonly value: Hit };
  readonly selected: { readonly value: Hit };
  readonly actions: (hit: Hit) => MenuItem[];
  readonly compare: boolean;
}): JSX.Element {
  const { answer } = picture;
  const target = hit.value;
  const facts = hitFacts(answer, target);
  const shortcuts = actions(selected.value).filter(({ key }) => ['w', 'f', 's', 'c'].includes(key ?? ''));
  const { before, after } = facts;
  return (
    <div class="details">
      <div class="details-name">
        <i class={`dot ${facts.origin}`} />
        <b>{facts.name}</b>
        {facts.place === '' ? null : <PlaceLink file={facts.file} line={facts.line} parts={3} />}
      </div>
      <div class="details-numbers">
        {compare && before !== null && after !== null ? (
          <span>
            <b class={deltaClass(before, after, answer.eventWeight)}>
              {formatDelta(after - before, answer.unit)}
            </b>{' '}
            from {formatValue(before, answer.unit)} to {formatValue(after, answer.unit)}
          </span>
        ) : (
          <span>
            <b>{formatValue(facts.weight, answer.unit)}</b> · {formatPercent(facts.weight, answer.total)}
            {facts.self > 0 ? ` · self ${formatValue(facts.self, answer.unit)}` : ''}
          </span>
        )}
      </div>
      <div class="details-actions">
        {shortcuts.map((item) => (
          <button type="button" class="chip" key={item.label} onClick={item.run}>
            {item.label.split(/[:]| as | with /)[0]} <kbd>{item.key}</kbd>
          </button>
        ))}
      </div>
    </div>
  );
}
