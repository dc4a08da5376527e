// The Graphviz worker: DOT in, SVG out. A file of its own, fetched only when somebody opens the graph.
import { Graphviz } from '@hpcc-js/wasm-graphviz';

interface WorkerScope {
  postMessage(message: { readonly id: number; readonly svg?: string; readonly error?: string }): void;
  onmessage: ((event: MessageEvent<{ readonly id: number; readonly dot: string }>) => void) | null;
}
const scope = self as unknown as WorkerScope;
const loading = Graphviz.load();

scope.onmessage = (event) => {
  const { id, dot } = event.data;
  loading.then(
    (graphviz) => {
      try {
        scope.postMessage({ id, svg: graphviz.layout(dot, 'svg', 'dot') });
      } catch (error) {
        scope.postMessage({ id, error: error instanceof Error ? error.message : String(error) });
      }
    },
    (error: unknown) => scope.postMessage({ id, error: String(error) }),
  );
};
