// The flame graph itself: two canvases the size of the viewport, a tree for assistive technology, and what lies around them.
import { useComputed } from '@preact/signals';
import type { JSX } from 'preact';
import { Menu, type MenuItem } from '../parts/controls.tsx';
import { useControl } from './control.ts';
import { Details } from './Details.tsx';
import { FlameTree } from './FlameTree.tsx';
import { useGestures } from './gestures.ts';
import { onFlameKey } from './keys.ts';
import { boxActions } from './menu.ts';
import { Minimap } from './Minimap.tsx';
import { usePainter } from './painter.ts';
import type { Hit, Picture } from './picture.ts';
import { SplitShares } from './Split.tsx';
import { FlameToolbar } from './Toolbar.tsx';
import { select, zoomTo } from './zoom.ts';

export function FlamePanel({
  picture,
  compare,
  pending,
  refine,
}: {
  readonly picture: Picture;
  readonly compare: boolean;
  readonly pending: boolean;
  readonly refine: (factor: number) => void;
}): JSX.Element {
  const control = useControl(picture, refine);
  usePainter(control);
  const gestures = useGestures(control);
  const { answer } = picture;
  const { view, selected, menu, scroller } = control;
  const actions = (hit: Hit): MenuItem[] => boxActions(answer, hit, (target) => zoomTo(control, target));
  const shown = useComputed(() => control.hovered.value ?? selected.value);
  return (
    <section class="flame" aria-label="Flame graph" aria-busy={pending}>
      <FlameToolbar picture={picture} compare={compare} />
      {compare ? null : <SplitShares />}
      <Minimap
        picture={picture}
        view={view}
        setWindow={control.setWindow}
        scrollTo={(y) => {
          if (scroller.current !== null) scroller.current.scrollTop = y;
        }}
      />
      {answer.note !== '' ? <p class="note">{answer.note}</p> : null}
      <div
        class="flame-scroll"
        ref={scroller}
        onScroll={(event) => (view.value = { ...view.peek(), scroll: event.currentTarget.scrollTop })}
      >
        <div
          class="flame-sheet"
          style={{ height: `${picture.rows.length * control.rowHeight}px` }}
          {...gestures}
        >
          <canvas class="flame-canvas" ref={control.base} aria-hidden="true" />
          <canvas class="flame-canvas" ref={control.over} aria-hidden="true" />
        </div>
        <FlameTree
          picture={picture}
          selected={selected}
          onKeyDown={(event) => onFlameKey(control, actions, event)}
          select={(hit) => select(control, hit)}
        />
      </div>
      <Details picture={picture} hit={shown} selected={selected} actions={actions} compare={compare} />
      {menu.value === null ? null : (
        <Menu
          x={menu.value.x}
          y={menu.value.y}
          items={actions(menu.value.hit)}
          close={() => (menu.value = null)}
        />
      )}
    </section>
  );
}
