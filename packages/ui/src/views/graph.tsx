// The call graph: pprof's DOT laid out by Graphviz in a worker; wheel and drag to move, click a node to focus.
import type { JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { layoutWorker } from '../graph/layout.ts';
import { Sheet } from '../graph/Sheet.tsx';
import { shareOf, styleDot } from '../graph/style-dot.ts';
import { saveFile } from '../parts/save-file.ts';
import { Failure, Loading } from '../parts/states.tsx';
import { current, graphviz, sentence, stackQuery, state } from '../store.ts';
import { useAnswer } from '../use-answer.ts';

const sizes = [20, 40, 80, 160, 300] as const;

export function View(): JSX.Element {
  const [nodes, setNodes] = useState<number>(80);
  const query = stackQuery();
  const load = graphviz.value;
  const answer = useAnswer(
    'text',
    query === null || load === null ? null : { ...query, report: 'dot', nodes },
  );
  /** What was drawn last, and of which DOT. */
  const [svg, setSvg] = useState<{ readonly dot: string; readonly text: string; readonly error: string }>({
    dot: '',
    text: '',
    error: '',
  });
  const dot = answer.value?.text ?? '';
  const share = shareOf(dot);
  useEffect(() => {
    if (dot === '' || load === null) return;
    let stale = false;
    layoutWorker(load)
      .then((layout) => layout(styleDot(dot)))
      .then(
        (text) => {
          if (!stale) setSvg({ dot, text, error: '' });
        },
        (error: unknown) => {
          if (!stale) setSvg({ dot, text: '', error: sentence(error) });
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
  // Until the picture of what is asked for is there, the one before it stays and is marked as such.
  const pending = answer.pending || svg.dot !== dot;
  if (svg.error !== '' && !pending)
    return (
      <Failure
        title="Graphviz could not draw this graph"
        message={`${svg.error} Choose fewer functions or a focus.`}
      />
    );
  return (
    <section class="graph" aria-label="Call graph" aria-busy={pending}>
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
              new Blob([dot], { type: 'text/vnd.graphviz' }),
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
            onClick={() => saveFile(new Blob([svg.text], { type: 'image/svg+xml' }), 'graph.svg')}
          >
            Save SVG
          </button>
        )}
        {share === '' ? null : <span class="hint">Shown: {share}.</span>}
        <span class="hint">Wheel zooms, drag moves, click a function to focus on it.</span>
      </div>
      {svg.text === '' ? (
        <Loading text="Drawing the graph" />
      ) : (
        <Sheet svg={svg.text} search={state.value.search} />
      )}
    </section>
  );
}
