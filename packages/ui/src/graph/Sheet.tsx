// The picture of a graph in its frame.
import type { JSX } from 'preact';
import { useEffect, useLayoutEffect } from 'preact/hooks';
import { parseSvg } from '../trusted.ts';
import { fitTexts, paintHeat } from './heat.ts';
import { rebuildSvg } from './sanitize.ts';
import { useSheetGestures } from './sheet-gestures.ts';
import { fit, moveBy, resize, type SheetWindow, useSheetWindow, zoomAt } from './sheet-window.ts';

/** An arrow key moves the picture by so many pixels. */
const step = 60;

export function Sheet({
  svg,
  search,
}: {
  readonly svg: string;
  /** Nodes that match stand out; '' for none. */
  readonly search: string;
}): JSX.Element {
  const window = useSheetWindow();
  const gestures = useSheetGestures(window);
  const { frame, picture } = window;
  useLayoutEffect(() => {
    const element = frame.current;
    if (element === null) return;
    const built = rebuildSvg(parseSvg(svg), document);
    if (built === null) return;
    const [, , width = '1', height = '1'] = (built.getAttribute('viewBox') ?? '').split(/\s+/);
    built.setAttribute('width', width);
    built.setAttribute('height', height);
    built.setAttribute('role', 'img');
    built.setAttribute('aria-label', 'Call graph; the same numbers are in Top and Peek');
    paintHeat(built);
    element.replaceChildren(built);
    fitTexts(built);
    picture.current = built;
    fit(window);
  }, [svg]);
  useEffect(() => {
    const element = frame.current;
    if (element === null) return;
    let width = element.clientWidth;
    const observer = new ResizeObserver(() => {
      if (element.clientWidth !== width) resize(window, width, element.clientWidth);
      width = element.clientWidth;
    });
    observer.observe(element);
    return () => observer.disconnect();
  }, []);
  useEffect(() => {
    if (search === '') {
      mark(frame.current, null);
      return;
    }
    let stale = false;
    void import('../engine/compile.ts').then(({ compileSearch }) => {
      if (!stale) mark(frame.current, compileSearch(search).pattern);
    });
    return () => {
      stale = true;
    };
  }, [svg, search]);
  return (
    <div
      class="graph-sheet"
      ref={frame}
      tabIndex={0}
      role="group"
      aria-label="Call graph: arrow keys move, plus and minus zoom, 0 fits"
      {...gestures}
      onKeyDown={(event) => {
        if (!runKey(window, event.key, event.currentTarget)) return;
        event.preventDefault();
        event.stopPropagation();
      }}
    />
  );
}

/** Lets nodes that do not match step back; none do where there is no pattern. */
function mark(frame: HTMLElement | null, pattern: { test(text: string): boolean } | null): void {
  for (const node of frame?.querySelectorAll('.node') ?? []) {
    // The legend is a node too, under another name.
    const isFunction = /^N\d/.test(node.querySelector('title')?.textContent ?? '');
    node.classList.toggle('besides', isFunction && pattern !== null && !pattern.test(nameOf(node)));
  }
}

/** The whole name where the picture says it, else what is written in the node. */
function nameOf(node: Element): string {
  return [...node.querySelectorAll('title')].at(-1)?.textContent ?? node.textContent ?? '';
}

/** Does what a key says; false for those that the page may have. */
function runKey(window: SheetWindow, key: string, { clientWidth, clientHeight }: HTMLElement): boolean {
  switch (key) {
    case 'ArrowLeft':
      moveBy(window, step, 0);
      return true;
    case 'ArrowRight':
      moveBy(window, -step, 0);
      return true;
    case 'ArrowUp':
      moveBy(window, 0, step);
      return true;
    case 'ArrowDown':
      moveBy(window, 0, -step);
      return true;
    case '+':
    case '=':
      zoomAt(window, 1.25, clientWidth / 2, clientHeight / 2);
      return true;
    case '-':
      zoomAt(window, 0.8, clientWidth / 2, clientHeight / 2);
      return true;
    case '0':
      fit(window);
      return true;
    default:
      return false;
  }
}
