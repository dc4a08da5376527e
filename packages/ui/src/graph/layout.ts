// Graphviz, asked from the page.
import { EngineError } from '../engine/error.ts';
import { startWorker } from '../trusted.ts';

let worker: Promise<(dot: string) => Promise<string>> | null = null;

/** The one Graphviz worker of the page, started when it is first needed. */
export function layoutWorker(load: () => Promise<string>): Promise<(dot: string) => Promise<string>> {
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
