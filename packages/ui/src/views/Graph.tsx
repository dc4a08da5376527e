// The call graph: pprof's DOT laid out by Graphviz in a worker; wheel and drag to move, click a node to focus.
import type { JSX } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { EngineError } from '../engine/client.ts';
import { rebuildSvg } from '../graph/sanitize.ts';
import { saveFile } from '../parts/Download.tsx';
import { Failure, Loading } from '../parts/states.tsx';
import { exactPattern } from '../state.ts';
import { current, graphviz, navigate, sentence, stackQuery } from '../store.ts';
import { parseSvg, startWorker } from '../trusted.ts';
import { useAnswer } from '../use-answer.ts';

const sizes = [20, 40, 80, 160, 300] as const;

let worker: Promise<(dot: string) => Promise<string>> | null = null;

/** The one Graphviz worker of the page, started when it is first needed. */
function layoutWorker(load: () => Promise<string>): Promise<(dot: string) => Promise<string>> {
  worker ??= load().then((script) => {
    const port = startWorker(script);
    const waiting = new Map<number, { resolve: (svg: string) => void; reject: (error: Error) => void }>();
    let next = 0;
    port.onmessage = (event: MessageEvent<{ id: number; svg?: string; error?: string }>) => {
      const { id, svg, error } = event.data;
      const entry = waiting.get(id);
      waiting.delete(id);
      if (svg === undefined) entry?.reject(new EngineError('GRAPHVIZ', error ?? 'Graphviz gave no picture.'));
      else entry?.resolve(svg);
    };
    return (dot) =>
      new Promise<string>((resolve, reject) => {
        const id = next++;
        waiting.set(id, { resolve, reject });
        port.postMessage({ id, dot });
      });
  });
  worker.catch(() => {
    worker = null;
  });
  return worker;
}

export function GraphView(): JSX.Element {
  const [nodes, setNodes] = useState<number>(80);
  const query = stackQuery();
  const load = graphviz.value;
  const answer = useAnswer(
    'text',
    query === null || load === null ? null : { ...query, report: 'dot', nodes },
  );
  const [svg, setSvg] = useState<{ readonly text: string; readonly error: string }>({ text: '', error: '' });
  const dot = answer.value?.text ?? '';
  useEffect(() => {
    if (dot === '' || load === null) return;
    let stale = false;
    layoutWorker(load)
      .then((layout) => layout(dot))
      .then(
        (text) => {
          if (!stale) setSvg({ text, error: '' });
        },
        (error: unknown) => {
          if (!stale) setSvg({ text: '', error: sentence(error) });
        },
      );
    return () => {
      stale = true;
    };
  }, [dot, load]);
  if (load === null) {
    return (
      <Failure
        title="No Graphviz in this page"
        message="This small page does not carry the layout program of the graph. Open the profile with the command line instead: stackpile -http=: FILE"
      />
    );
  }
  if (answer.error !== '') return <Failure message={answer.error} />;
  if (svg.error !== '')
    return (
      <Failure
        title="Graphviz could not draw this graph"
        message={`${svg.error} Choose fewer functions or a focus.`}
      />
    );
  return (
    <section class="graph" aria-label="Call graph" aria-busy={svg.text === ''}>
      <div class="toolbar">
        <label class="field">
          <span>Functions</span>
          <select value={String(nodes)} onChange={(event) => setNodes(Number(event.currentTarget.value))}>
            {sizes.map((size) => (
              <option key={size} value={String(size)}>
                {size}
              </option>
            ))}
          </select>
        </label>
        <button
          type="button"
          class="chip"
          onClick={() =>
            saveFile(
              new TextEncoder().encode(dot),
              'text/vnd.graphviz',
              `${current.value?.name.replace(/[^\w.-]+/g, '-') ?? 'graph'}.dot`,
            )
          }
        >
          Save DOT
        </button>
        {svg.text === '' ? null : (
          <button
            type="button"
            class="chip"
            onClick={() => saveFile(new TextEncoder().encode(svg.text), 'image/svg+xml', 'graph.svg')}
          >
            Save SVG
          </button>
        )}
        <span class="hint">Wheel zooms, drag moves, click a function to focus on it.</span>
      </div>
      {svg.text === '' ? <Loading text="Drawing the graph" /> : <Sheet svg={svg.text} />}
    </section>
  );
}

/** Middle of the thickest edge, in the picture's own units. */
function widestWay(image: SVGElement): number {
  let thickest = 0;
  let middle = (image.viewportElement ?? image).clientWidth / 2;
  const before = image.style.transform;
  image.style.transform = 'none';
  const left = image.getBoundingClientRect().left;
  for (const path of image.querySelectorAll('.edge path')) {
    const width = Number(path.getAttribute('stroke-width') ?? 1);
    if (width <= thickest) continue;
    thickest = width;
    const box = path.getBoundingClientRect();
    middle = box.left - left + box.width / 2;
  }
  image.style.transform = before;
  return middle;
}

function Sheet({ svg }: { readonly svg: string }): JSX.Element {
  const frame = useRef<HTMLDivElement>(null);
  const view = useRef({ x: 0, y: 0, scale: 1 });
  const picture = useRef<SVGElement | null>(null);
  const apply = (): void => {
    const { x, y, scale } = view.current;
    if (picture.current !== null)
      picture.current.style.transform = `translate(${x}px, ${y}px) scale(${scale})`;
  };
  const zoom = (factor: number, x: number, y: number): void => {
    const now = view.current;
    const scale = Math.min(10, Math.max(0.05, now.scale * factor));
    const real = scale / now.scale;
    view.current = { scale, x: x - (x - now.x) * real, y: y - (y - now.y) * real };
    apply();
  };
  const fit = (): void => {
    const element = frame.current;
    const image = picture.current;
    if (element === null || image === null) return;
    const [, , width = 1, height = 1] = (image.getAttribute('viewBox') ?? '0 0 1 1').split(/\s+/).map(Number);
    // Whole if it can still be read, else the top of it at a size that can, with the widest way down in the middle.
    const whole = Math.min(element.clientWidth / width, element.clientHeight / height);
    const scale = Math.max(0.85, Math.min(1.3, whole));
    const middle = width * scale <= element.clientWidth ? width / 2 : widestWay(image);
    view.current = { scale, x: element.clientWidth / 2 - middle * scale, y: 8 };
    apply();
  };
  useEffect(() => {
    const element = frame.current;
    if (element === null) return;
    const built = rebuildSvg(parseSvg(svg), document);
    if (built === null) return;
    const [, , width = '1', height = '1'] = (built.getAttribute('viewBox') ?? '').split(/\s+/);
    built.setAttribute('width', width);
    built.setAttribute('height', height);
    built.setAttribute('role', 'img');
    built.setAttribute('aria-label', 'Call graph; the same numbers are in Top and Peek');
    element.replaceChildren(built);
    picture.current = built;
    fit();
  }, [svg]);
  useEffect(() => {
    const element = frame.current;
    const onWheel = (event: WheelEvent): void => {
      event.preventDefault();
      const bounds = element?.getBoundingClientRect();
      zoom(
        Math.exp(-Math.max(-60, Math.min(60, event.deltaY)) * 0.006),
        event.clientX - (bounds?.left ?? 0),
        event.clientY - (bounds?.top ?? 0),
      );
    };
    element?.addEventListener('wheel', onWheel, { passive: false });
    return () => element?.removeEventListener('wheel', onWheel);
  }, []);
  const drag = useRef<{ x: number; y: number; moved: boolean } | null>(null);
  const fingers = useRef(new Map<number, { x: number; y: number }>());
  /** Distance and middle of two fingers; null for fewer or more. */
  const pinch = (): { size: number; x: number; y: number } | null => {
    const [a, b] = [...fingers.current.values()];
    if (fingers.current.size !== 2 || a === undefined || b === undefined) return null;
    const bounds = frame.current?.getBoundingClientRect();
    return {
      size: Math.max(1, Math.hypot(a.x - b.x, a.y - b.y)),
      x: (a.x + b.x) / 2 - (bounds?.left ?? 0),
      y: (a.y + b.y) / 2 - (bounds?.top ?? 0),
    };
  };
  return (
    <div
      class="graph-sheet"
      ref={frame}
      tabIndex={0}
      role="group"
      aria-label="Call graph: arrow keys move, plus and minus zoom, 0 fits"
      onPointerDown={(event) => {
        fingers.current.set(event.pointerId, { x: event.clientX, y: event.clientY });
        drag.current = { x: event.clientX, y: event.clientY, moved: fingers.current.size > 1 };
        event.currentTarget.setPointerCapture(event.pointerId);
      }}
      onPointerMove={(event) => {
        const started = drag.current;
        if (started === null) return;
        const before = pinch();
        if (before !== null) {
          fingers.current.set(event.pointerId, { x: event.clientX, y: event.clientY });
          const now = pinch() ?? before;
          zoom(now.size / before.size, now.x, now.y);
          return;
        }
        const dx = event.clientX - started.x;
        const dy = event.clientY - started.y;
        if (!started.moved && Math.hypot(dx, dy) < 4) return;
        drag.current = { x: event.clientX, y: event.clientY, moved: true };
        view.current = { ...view.current, x: view.current.x + dx, y: view.current.y + dy };
        apply();
      }}
      onPointerUp={(event) => {
        const started = drag.current;
        fingers.current.delete(event.pointerId);
        drag.current = null;
        if (started === null || started.moved) return;
        const hit = document.elementFromPoint(event.clientX, event.clientY)?.closest('g.node');
        // Graphviz's tooltip is "full name (value)".
        const title = hit?.querySelector('g > title')?.textContent ?? '';
        const name = title.replace(/\s\([^()]*\)$/, '');
        if (name !== '') navigate({ focus: exactPattern(name), zoom: '' });
      }}
      onPointerCancel={(event) => {
        fingers.current.delete(event.pointerId);
        drag.current = null;
      }}
      onKeyDown={(event) => {
        const step = 60;
        const moves: Readonly<Record<string, readonly [number, number]>> = {
          ArrowLeft: [step, 0],
          ArrowRight: [-step, 0],
          ArrowUp: [0, step],
          ArrowDown: [0, -step],
        };
        const move = moves[event.key];
        const element = event.currentTarget;
        if (move !== undefined) {
          view.current = { ...view.current, x: view.current.x + move[0], y: view.current.y + move[1] };
          apply();
        } else if (event.key === '+' || event.key === '=')
          zoom(1.25, element.clientWidth / 2, element.clientHeight / 2);
        else if (event.key === '-') zoom(0.8, element.clientWidth / 2, element.clientHeight / 2);
        else if (event.key === '0') fit();
        else return;
        event.preventDefault();
        event.stopPropagation();
      }}
    />
  );
}
