// The flame graph: two canvases the size of the viewport, a tree for assistive technology, and every way to move in it.
import { useComputed, useSignal } from '@preact/signals';
import { boxDepth, type FlameLayout, mergedFrame, rootFrame, shortPath } from '@stackpile/report/flame';
import type { JSX } from 'preact';
import { useEffect, useLayoutEffect, useMemo, useRef } from 'preact/hooks';
import type { FlameAnswer, FlameQuery } from '../engine/questions/flame.ts';
import { formatDelta, formatPercent, formatValue, forNumber } from '../format.ts';
import { copyText, Menu, type MenuItem, Segmented, Switch } from '../parts/controls.tsx';
import { Failure, Loading } from '../parts/states.tsx';
import { exactPattern } from '../filters/pattern.ts';
import { frameHash } from './frame-hash.ts';
import { current, navigate, notice, stackQuery, state, theme } from '../store.ts';
import { useAnswer } from '../use-answer.ts';
import { diffRow, paletteRow, palettes } from './colors.ts';
import { type BoxFacts, boxFacts } from './facts.ts';
import { FlameTree } from './FlameTree.tsx';
import {
  type Hit,
  hitTest,
  LabelWidths,
  makePicture,
  paint,
  type Picture,
  rowOf,
  type Viewport,
} from './picture.ts';
import { Minimap } from './Minimap.tsx';

/** Rows of `frames` from the outermost to `box`, through the zoomed path. */
export function fullPath(answer: FlameAnswer, layer: 0 | 1, box: number): number[] {
  const layout = layer === 1 && answer.callers !== null ? answer.callers : answer.layout;
  const inner: number[] = [];
  for (let at = box; at > 0; at = layout.parent[at] as number) inner.push(layout.frame[at] as number);
  if (layer === 1) return inner;
  return [...answer.path, ...inner.reverse()];
}

/** Into how many parts of equal width a graph may be cut so that each is still about a pixel; a power of two, as windows are resized. */
export function visibleParts(width: number): number {
  return 2 ** Math.ceil(Math.log2(Math.max(512, Math.min(16_384, width)) * 1.5));
}

/** A zoom rests when nothing moved for so long, in milliseconds. */
const restMs = 120;

export function FlameView({ compare = false }: { readonly compare?: boolean }): JSX.Element {
  const { mode, pivot, zoom, search, flip, onlyChanged } = state.value;
  const base = stackQuery(compare);
  const fineness = useSignal(1);
  const query: FlameQuery | null =
    base === null
      ? null
      : {
          ...base,
          mode,
          pivot: mode === 'sandwich' ? pivot : '',
          zoom: zoom === '' || mode === 'sandwich' || mode === 'time' ? [] : zoom.split('.'),
          minShare: 1 / visibleParts(innerWidth) / fineness.value,
          search,
          onlyChanged: compare && onlyChanged,
        };
  const answer = useAnswer('flame', query);
  const picture = useMemo(
    () => (answer.value === null ? null : makePicture(answer.value, flip)),
    [answer.value, flip],
  );
  if (answer.error !== '') return <Failure message={answer.error} />;
  if (picture === null) return <Loading text="Laying out the flame graph" />;
  if (picture.answer.kept === 0 && !answer.pending) {
    return (
      <Failure
        title="Nothing left to draw"
        message={
          compare && onlyChanged
            ? 'Nothing changed beyond chance between these two profiles. Switch "Only changed" off to see all stacks.'
            : picture.answer.total === 0
              ? 'All values of this type are 0. Choose another sample type above, or record for longer.'
              : 'The filters leave no stack over. Remove a filter above, or press r to reset them all.'
        }
      />
    );
  }
  return (
    <FlamePanel
      picture={picture}
      compare={compare}
      pending={answer.pending}
      refine={(factor) => (fineness.value = factor)}
    />
  );
}

function FlamePanel({
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
  const { answer } = picture;
  const { flip, mode, onlyChanged } = state.value;
  const scroller = useRef<HTMLDivElement>(null);
  const base = useRef<HTMLCanvasElement>(null);
  const over = useRef<HTMLCanvasElement>(null);
  const widths = useRef(new LabelWidths());
  const view = useSignal<Viewport>({ width: 0, height: 0, rowHeight: 20, left: 0, right: 1, scroll: 0 });
  const hovered = useSignal<Hit | null>(null);
  const selected = useSignal<Hit>({ kind: 'box', layer: 0, box: answer.callers === null ? 0 : 1 });
  const menu = useSignal<{ readonly x: number; readonly y: number; readonly hit: Hit } | null>(null);
  const palette = palettes[theme.value];
  const coarse = useMemo(() => matchMedia('(pointer: coarse)').matches, []);
  const rowHeight = coarse ? 26 : 20;

  // A new picture starts at its home, with the selection on its root box.
  const identity = `${answer.path.join('.')}|${mode}|${answer.total}|${answer.layout.rootWeight}`;
  useLayoutEffect(() => {
    selected.value = {
      kind: 'box',
      layer: 0,
      box: answer.callers === null ? 0 : Math.min(1, answer.layout.length - 1),
    };
    hovered.value = null;
    view.value = { ...view.value, left: 0, right: 1 };
    refine(1);
  }, [identity]);

  useLayoutEffect(() => {
    const element = scroller.current;
    if (element === null) return;
    const measure = (): void => {
      const { clientWidth, clientHeight } = element;
      view.value = {
        ...view.value,
        width: clientWidth,
        height: clientHeight,
        rowHeight,
        scroll: element.scrollTop,
      };
    };
    measure();
    const observer = new ResizeObserver(measure);
    observer.observe(element);
    return () => observer.disconnect();
  }, [rowHeight]);

  useLayoutEffect(() => {
    const element = scroller.current;
    if (element === null) return;
    // The root at the bottom, or the pivot in the middle, comes into view by itself.
    const home = picture.homeRow * rowHeight;
    element.scrollTop =
      flip || picture.homeRow > 0
        ? Math.max(0, home - element.clientHeight / (mode === 'sandwich' ? 2 : 1) + rowHeight * 2)
        : 0;
  }, [identity, flip, rowHeight]);

  // Painting: at most once per frame, whatever changed.
  const requested = useRef(0);
  const painted = useRef('');
  const schedule = (): void => {
    if (requested.current !== 0) return;
    requested.current = requestAnimationFrame(() => {
      requested.current = 0;
      const now = view.peek();
      const canvas = base.current;
      const overlayCanvas = over.current;
      if (canvas === null || overlayCanvas === null || now.width === 0) return;
      const key = JSON.stringify(now) + theme.peek();
      if (painted.current !== key) {
        painted.current = key;
        const context = prepare(canvas, now);
        if (context !== null) paint(context, picture, now, palettes[theme.peek()], widths.current);
        // For whoever measures: the moment at which there is something to see.
        if (performance.getEntriesByName('stackpile-flame').length === 0) performance.mark('stackpile-flame');
      }
      const context = prepare(overlayCanvas, now, true);
      if (context !== null)
        paintOverlay(context, picture, now, palettes[theme.peek()], hovered.peek(), selected.peek());
    });
  };
  useEffect(() => {
    painted.current = '';
    schedule();
    const stops = [view.subscribe(schedule), hovered.subscribe(schedule), selected.subscribe(schedule)];
    return () => {
      for (const stop of stops) stop();
    };
  }, [picture, palette]);
  useEffect(() => () => cancelAnimationFrame(requested.current), []);

  const resting = useRef(0);
  const setWindow = (left: number, right: number): void => {
    const size = Math.min(1, Math.max(1e-9, right - left));
    const from = Math.min(Math.max(0, left), 1 - size);
    view.value = { ...view.peek(), left: from, right: from + size };
    // Deep into a wide graph the boxes that were merged become wide enough to be seen: ask for them, as soon as the zoom
    // rests. To take in half a million boxes costs a few frames, which nobody misses then.
    clearTimeout(resting.current);
    resting.current = window.setTimeout(() => refine(size > 0.25 ? 1 : size > 0.06 ? 8 : 64), restMs);
  };
  useEffect(() => () => clearTimeout(resting.current), [identity]);

  const zoomTo = (hit: Hit): void => {
    if (hit.kind === 'path') {
      navigate({ zoom: zoomOf(answer, answer.path.slice(0, hit.index)) });
      return;
    }
    const layer = picture.layers[hit.layer];
    if (layer === undefined) return;
    const frame = layer.layout.frame[hit.box] as number;
    if (mode === 'time' && hit.layer === 0) {
      const start = layer.layout.start[hit.box] as number;
      setWindow(start, start + (layer.layout.width[hit.box] as number));
      selected.value = hit;
      return;
    }
    if (frame === mergedFrame) {
      const parent = layer.layout.parent[hit.box] as number;
      if (parent > 0) zoomTo({ kind: 'box', layer: hit.layer, box: parent });
      else setWindow(layer.layout.start[hit.box] as number, 1);
      return;
    }
    if (answer.callers !== null) {
      if (frame !== rootFrame) navigate({ pivot: exactPattern(answer.frames.name[frame] ?? '') });
      return;
    }
    if (hit.box === 0) {
      setWindow(0, 1);
      return;
    }
    navigate({ zoom: zoomOf(answer, fullPath(answer, 0, hit.box)) });
  };
  const zoomOut = (): void => {
    const now = view.peek();
    if (now.right - now.left < 1) setWindow(0, 1);
    else if (mode === 'sandwich') navigate({ mode: 'down', pivot: '' });
    else if (answer.path.length > 0) navigate({ zoom: zoomOf(answer, answer.path.slice(0, -1)) });
  };
  const reveal = (hit: Hit): void => {
    const element = scroller.current;
    if (element === null) return;
    const row =
      hit.kind === 'path'
        ? picture.rows.indexOf(hit)
        : rowOf(
            picture,
            hit.layer,
            boxDepth((picture.layers[hit.layer] ?? picture.layers[0])?.layout ?? answer.layout, hit.box),
          );
    if (row < 0) return;
    const y = row * rowHeight;
    if (y < element.scrollTop) element.scrollTop = y;
    else if (y + rowHeight > element.scrollTop + element.clientHeight)
      element.scrollTop = y + rowHeight - element.clientHeight;
  };
  const select = (hit: Hit): void => {
    selected.value = hit;
    hovered.value = null;
    reveal(hit);
  };

  const actions = (hit: Hit): MenuItem[] => boxActions(answer, hit, zoomTo);
  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const target = selected.peek();
    const layer = target.kind === 'box' ? target.layer : 0;
    const layout = picture.layers[layer]?.layout ?? answer.layout;
    const box = target.kind === 'box' ? target.box : 0;
    const go = (next: number): void => {
      if (next >= 0 && next < layout.length) select({ kind: 'box', layer, box: next });
    };
    const level = boxDepth(layout, box);
    const towardsLeaf = flip ? 'ArrowUp' : 'ArrowDown';
    const towardsRoot = flip ? 'ArrowDown' : 'ArrowUp';
    switch (event.key) {
      case towardsLeaf: {
        if (layer === 1) {
          go(layout.parent[box] as number);
          break;
        }
        const child = firstChild(layout, box, level);
        if (child >= 0) go(child);
        break;
      }
      case towardsRoot:
        if (layer === 1) {
          const child = firstChild(layout, box, level);
          if (child >= 0) go(child);
        } else if (level > 0) go(layout.parent[box] as number);
        else if (answer.path.length > 0) zoomOut();
        break;
      case 'ArrowLeft':
        if (box > (layout.levelStart[level] as number)) go(box - 1);
        break;
      case 'ArrowRight':
        if (box + 1 < (layout.levelStart[level + 1] as number)) go(box + 1);
        break;
      case 'Home':
        setWindow(0, 1);
        if (answer.path.length > 0) navigate({ zoom: '' });
        else go(0);
        break;
      case 'Enter':
      case ' ':
        zoomTo(target);
        break;
      case 'Backspace':
        zoomOut();
        break;
      case 'Escape':
        if (menu.value !== null) menu.value = null;
        else zoomOut();
        break;
      case '+':
      case '=':
      case '-': {
        const now = view.peek();
        const factor = event.key === '-' ? 1.6 : 1 / 1.6;
        const middle = (layout.start[box] as number) + (layout.width[box] as number) / 2;
        const size = (now.right - now.left) * factor;
        setWindow(middle - size / 2, middle + size / 2);
        break;
      }
      case 'n':
      case 'N': {
        const matched = picture.layers[layer]?.matched ?? null;
        if (matched === null) return;
        const step = event.key === 'n' ? 1 : -1;
        for (let i = 1; i <= layout.length; i++) {
          const next = (box + step * i + layout.length * 2) % layout.length;
          if (matched[next] !== 1) continue;
          go(next);
          break;
        }
        break;
      }
      case 'm':
      case 'ContextMenu': {
        const bounds = scroller.current?.getBoundingClientRect();
        menu.value = { x: (bounds?.left ?? 0) + 40, y: (bounds?.top ?? 0) + 60, hit: target };
        break;
      }
      default: {
        const item = actions(target).find(({ key }) => key === event.key);
        if (item === undefined) return;
        item.run();
      }
    }
    event.preventDefault();
    event.stopPropagation();
  };

  // Pointer: click zooms, drag pans, ctrl+wheel zooms at the pointer, two fingers pinch.
  const drag = useRef<{ x: number; y: number; left: number; top: number; moved: boolean } | null>(null);
  const pointers = useRef(new Map<number, number>());
  const held = useRef(0);
  const at = (event: PointerEvent | MouseEvent): Hit | null => {
    const bounds = base.current?.getBoundingClientRect();
    return bounds === undefined
      ? null
      : hitTest(picture, view.peek(), event.clientX - bounds.left, event.clientY - bounds.top);
  };
  const onPointerDown = (event: PointerEvent): void => {
    if (event.button !== 0) return;
    pointers.current.set(event.pointerId, event.clientX);
    drag.current = {
      x: event.clientX,
      y: event.clientY,
      left: view.peek().left,
      top: scroller.current?.scrollTop ?? 0,
      moved: false,
    };
    if (event.pointerType === 'touch') {
      const { clientX, clientY } = event;
      const hit = at(event);
      held.current = window.setTimeout(() => {
        if (hit !== null && drag.current?.moved === false) {
          drag.current.moved = true;
          menu.value = { x: clientX, y: clientY, hit };
        }
      }, 550);
    }
  };
  const onPointerMove = (event: PointerEvent): void => {
    const now = view.peek();
    if (pointers.current.size === 2 && pointers.current.has(event.pointerId)) {
      const [a = 0, b = 0] = [...pointers.current.values()];
      pointers.current.set(event.pointerId, event.clientX);
      const [c = 0, d = 0] = [...pointers.current.values()];
      const factor = Math.max(1, Math.abs(a - b)) / Math.max(1, Math.abs(c - d));
      const bounds = base.current?.getBoundingClientRect();
      const middle = now.left + (((c + d) / 2 - (bounds?.left ?? 0)) / now.width) * (now.right - now.left);
      setWindow(middle - (middle - now.left) * factor, middle + (now.right - middle) * factor);
      if (drag.current !== null) drag.current.moved = true;
      return;
    }
    const started = drag.current;
    if (started !== null && event.buttons === 1) {
      const dx = event.clientX - started.x;
      const dy = event.clientY - started.y;
      if (!started.moved && Math.hypot(dx, dy) < 5) return;
      started.moved = true;
      const share = (dx / now.width) * (now.right - now.left);
      const size = now.right - now.left;
      if (size < 1) setWindow(started.left - share, started.left - share + size);
      if (event.pointerType === 'mouse' && scroller.current !== null)
        scroller.current.scrollTop = started.top - dy;
      return;
    }
    hovered.value = at(event);
  };
  const onPointerUp = (event: PointerEvent): void => {
    window.clearTimeout(held.current);
    pointers.current.delete(event.pointerId);
    const started = drag.current;
    drag.current = null;
    if (started === null || started.moved || event.button !== 0) return;
    const hit = at(event);
    if (hit === null) return;
    if (hit.kind === 'box') selected.value = hit;
    zoomTo(hit);
  };
  const onWheel = (event: WheelEvent): void => {
    const now = view.peek();
    const size = now.right - now.left;
    if (event.ctrlKey || event.metaKey) {
      event.preventDefault();
      const bounds = base.current?.getBoundingClientRect();
      const middle = now.left + ((event.clientX - (bounds?.left ?? 0)) / now.width) * size;
      const factor = Math.exp(Math.max(-60, Math.min(60, event.deltaY)) * 0.01);
      setWindow(middle - (middle - now.left) * factor, middle + (now.right - middle) * factor);
    } else if (size < 1 && (event.shiftKey || Math.abs(event.deltaX) > Math.abs(event.deltaY))) {
      event.preventDefault();
      const delta = ((event.deltaX || event.deltaY) / now.width) * size;
      setWindow(now.left + delta, now.right + delta);
    }
  };
  useEffect(() => {
    const element = scroller.current;
    // Not through JSX: the wheel must be cancelable, and such listeners are passive there by default.
    element?.addEventListener('wheel', onWheel, { passive: false });
    return () => element?.removeEventListener('wheel', onWheel);
  });

  const shown = useComputed(() => hovered.value ?? selected.value);
  const height = picture.rows.length * rowHeight;
  return (
    <section class="flame" aria-label="Flame graph" aria-busy={pending}>
      <FlameToolbar picture={picture} compare={compare} onlyChanged={onlyChanged} />
      <Minimap
        picture={picture}
        view={view}
        setWindow={setWindow}
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
          style={{ height: `${height}px` }}
          onPointerDown={onPointerDown}
          onPointerMove={onPointerMove}
          onPointerUp={onPointerUp}
          onPointerCancel={() => {
            drag.current = null;
            pointers.current.clear();
            window.clearTimeout(held.current);
          }}
          onPointerLeave={() => (hovered.value = null)}
          onContextMenu={(event) => {
            const hit = at(event);
            if (hit === null) return;
            event.preventDefault();
            if (hit.kind === 'box') selected.value = hit;
            menu.value = { x: event.clientX, y: event.clientY, hit };
          }}
        >
          <canvas class="flame-canvas" ref={base} aria-hidden="true" />
          <canvas class="flame-canvas" ref={over} aria-hidden="true" />
        </div>
        <FlameTree picture={picture} selected={selected} onKeyDown={onKeyDown} select={select} />
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

function zoomOf(answer: FlameAnswer, path: readonly number[]): string {
  return path
    .filter((row) => row !== rootFrame && row !== mergedFrame)
    .map((row) => frameHash(answer.frames.name[row] ?? '', answer.frames.file[row] ?? ''))
    .join('.');
}

function firstChild(layout: FlameLayout, box: number, level: number): number {
  // Children of neighbours follow each other: a binary search by parent finds the first.
  if (level + 2 >= layout.levelStart.length) return -1;
  let low = layout.levelStart[level + 1] as number;
  const end = layout.levelStart[level + 2] as number;
  let high = end;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((layout.parent[middle] as number) < box) low = middle + 1;
    else high = middle;
  }
  return low < end && layout.parent[low] === box ? low : -1;
}

function prepare(canvas: HTMLCanvasElement, view: Viewport, clear = false): CanvasRenderingContext2D | null {
  const ratio = Math.min(3, globalThis.devicePixelRatio || 1);
  const width = Math.round(view.width * ratio);
  const height = Math.round(view.height * ratio);
  if (canvas.width !== width || canvas.height !== height) {
    canvas.width = width;
    canvas.height = height;
    canvas.style.width = `${view.width}px`;
    canvas.style.height = `${view.height}px`;
  }
  const context = canvas.getContext('2d', { alpha: clear });
  context?.setTransform(ratio, 0, 0, ratio, 0, 0);
  if (clear) context?.clearRect(0, 0, view.width, view.height);
  return context;
}

function paintOverlay(
  context: CanvasRenderingContext2D,
  picture: Picture,
  view: Viewport,
  palette: (typeof palettes)['light'],
  hovered: Hit | null,
  selected: Hit,
): void {
  const place = (hit: Hit): { x: number; y: number; width: number } | null => {
    if (hit.kind === 'path') {
      const row = picture.rows.findIndex((one) => one.kind === 'path' && one.index === hit.index);
      return { x: 0, y: row * view.rowHeight - view.scroll, width: view.width };
    }
    const layout = picture.layers[hit.layer]?.layout;
    if (layout === undefined || hit.box >= layout.length) return null;
    const row = rowOf(picture, hit.layer, boxDepth(layout, hit.box));
    if (row < 0) return null;
    const scale = view.width / (view.right - view.left);
    const x = ((layout.start[hit.box] as number) - view.left) * scale;
    const from = Math.max(-4, x);
    const to = Math.min(view.width + 4, x + (layout.width[hit.box] as number) * scale);
    return { x: from, y: row * view.rowHeight - view.scroll, width: Math.max(2, to - from) };
  };
  const under = hovered === null ? null : place(hovered);
  if (under !== null) {
    context.fillStyle = palette.hover;
    context.fillRect(under.x, under.y, under.width, view.rowHeight - 1);
  }
  const chosen = place(selected);
  if (chosen !== null && (selected.kind === 'path' || selected.box > 0)) {
    context.strokeStyle = palette.outline;
    context.lineWidth = 2;
    context.strokeRect(chosen.x + 1, chosen.y + 1, Math.max(1, chosen.width - 3), view.rowHeight - 3);
  }
}

/** What one can do with a box; each with its key. */
function boxActions(answer: FlameAnswer, hit: Hit, zoomTo: (hit: Hit) => void): MenuItem[] {
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
  const exact = exactPattern(name.replace(/…$/, ''));
  const joined = (old: string): string => (old === '' ? exact : `${old}|${exact}`);
  items.push(
    {
      label: 'Sandwich: callers and callees',
      key: 'w',
      run: () => navigate({ mode: 'sandwich', pivot: exact, zoom: '' }),
    },
    { label: 'Focus: only stacks with it', key: 'f', run: () => navigate({ focus: exact, zoom: '' }) },
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
    { label: 'Show from here down', key: 'b', run: () => navigate({ showFrom: exact, zoom: '' }) },
    {
      label: 'Peek: direct callers and callees',
      key: 'p',
      run: () => navigate({ view: 'peek', pivot: exact }),
    },
  );
  if (file !== '')
    items.push({ label: 'Source', key: 's', run: () => navigate({ view: 'source', pivot: exact, file }) });
  items.push(
    { label: 'Copy stack as text', key: 'c', run: () => copyText(stackText(answer, hit), 'Stack copied') },
    { label: 'Copy name', key: 'y', run: () => copyText(name, 'Name copied') },
  );
  return items;
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

function FlameToolbar({
  picture,
  compare,
  onlyChanged,
}: {
  readonly picture: Picture;
  readonly compare: boolean;
  readonly onlyChanged: boolean;
}): JSX.Element {
  const { mode, granularity, flip } = state.value;
  const { answer } = picture;
  const hasTimes = mode === 'time' || (!compare && current.value?.hasTimes === true);
  return (
    <div class="toolbar">
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
      <Switch label="Root at bottom" on={flip} toggle={() => navigate({ flip: !flip })} />
      {compare ? (
        <Switch
          label="Only changed"
          on={onlyChanged}
          toggle={() => navigate({ onlyChanged: !onlyChanged, zoom: '' })}
        />
      ) : null}
      <Legend compare={compare || answer.layout.before !== null} exact={answer.eventWeight === 0} />
      {answer.search === null ? null : (
        <span class="search-sum" role="status">
          {answer.search.functions} {forNumber(answer.search.functions, 'functions')} ·{' '}
          {formatPercent(answer.search.weight, answer.total)}
        </span>
      )}
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

function Details({
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
        {facts.place === '' ? null : (
          <span class="place" title={facts.place}>
            {shortPath(facts.place, 5)}
          </span>
        )}
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

/** Facts of whatever was hit. */
export function hitFacts(answer: FlameAnswer, hit: Hit): BoxFacts {
  if (hit.kind === 'box') {
    const layout = hit.layer === 1 && answer.callers !== null ? answer.callers : answer.layout;
    return boxFacts(answer, layout, Math.min(hit.box, layout.length - 1));
  }
  const frame = hit.index === 0 ? -1 : (answer.path[hit.index - 1] ?? -1);
  const file = answer.frames.file[frame] ?? '';
  return {
    name: frame < 0 ? 'all' : (answer.frames.name[frame] ?? ''),
    file,
    place: file,
    origin: answer.frames.origin[frame] ?? 'none',
    weight: answer.pathWeights[hit.index] ?? answer.total,
    self: 0,
    before: null,
    after: null,
  };
}

/** Class of a difference: more, less or noise. */
export function deltaClass(before: number, after: number, eventWeight: number): 'more' | 'less' | 'same' {
  const row = diffRow(before, after, eventWeight);
  return row === paletteRow.unchanged ? 'same' : row >= paletteRow.less ? 'less' : 'more';
}
