// Above the flame graph: its direction, what a box is, and what the colours mean.
import type { JSX } from 'preact';
import { Segmented, Switch } from '../parts/controls.tsx';
import { useFold } from '../parts/Fold.tsx';
import { SplitPicker } from './Split.tsx';
import { current, navigate, notice, state, theme } from '../store.ts';
import { paletteRow, palettes } from './colors.ts';
import type { Picture } from './picture.ts';

export function FlameToolbar({
  picture,
  compare,
}: {
  readonly picture: Picture;
  readonly compare: boolean;
}): JSX.Element {
  const { mode, granularity, flip, onlyChanged } = state.value;
  const { answer } = picture;
  const fold = useFold('View options');
  const hasTimes = mode === 'time' || (!compare && current.value?.hasTimes === true);
  return (
    <div class={`toolbar ${fold.class}`}>
      {fold.button}
      <Segmented
        label="Direction"
        value={mode}
        options={[
          { value: 'down', label: 'Top-down', title: 'Callers above, callees below, widest first' },
          { value: 'up', label: 'Bottom-up', title: 'Inverted: begins with the functions that do the work' },
          {
            value: 'sandwich',
            label: 'Sandwich',
            title: 'Everything above and below one function (w on a box)',
          },
          ...(hasTimes
            ? [{ value: 'time' as const, label: 'Time', title: 'In the order in which it happened' }]
            : []),
        ]}
        choose={(value) => {
          if (value === 'sandwich' && state.value.pivot === '')
            notice.value =
              'Select a box and press w, or right-click it, to see callers above and callees below it.';
          navigate({ mode: value, zoom: '' });
        }}
      />
      <label class="field">
        <span>Boxes are</span>
        <select
          aria-label="Boxes are"
          value={granularity}
          onChange={(event) =>
            navigate({ granularity: event.currentTarget.value as typeof granularity, zoom: '' })
          }
        >
          <option value="functions">functions</option>
          <option value="lines">lines</option>
          <option value="files">files</option>
          <option value="packages">packages</option>
        </select>
      </label>
      {compare ? null : <SplitPicker />}
      <Switch label="Root at bottom" on={flip} toggle={() => navigate({ flip: !flip })} />
      {compare ? (
        <Switch
          label="Only changed"
          on={onlyChanged}
          toggle={() => navigate({ onlyChanged: !onlyChanged, zoom: '' })}
        />
      ) : null}
      <Legend compare={compare || answer.layout.before !== null} exact={answer.eventWeight === 0} />
    </div>
  );
}

function Legend({ compare, exact }: { readonly compare: boolean; readonly exact: boolean }): JSX.Element {
  const { fill } = palettes[theme.value];
  const swatch = (row: number): JSX.Element => <i class="swatch" style={{ background: fill[row] ?? '' }} />;
  if (compare) {
    return (
      <span class="legend">
        <span>{[3, 2, 1, 0].map((step) => swatch(paletteRow.less + step))} less</span>
        <span>
          {swatch(paletteRow.unchanged)} {exact ? 'same' : 'within noise'}
        </span>
        <span>{[0, 1, 2, 3].map((step) => swatch(paletteRow.more + step))} more</span>
      </span>
    );
  }
  return (
    <span class="legend">
      <span>{swatch(paletteRow.user)} your code</span>
      <span>{swatch(paletteRow.library)} libraries</span>
      <span>{swatch(paletteRow.runtime)} runtime</span>
    </span>
  );
}
