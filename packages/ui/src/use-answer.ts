// A question to the worker as a hook: the latest question wins, the last answer stays until the next one is there.
import { useEffect, useRef, useState } from 'preact/hooks';
import type { Engine, Method } from './engine/protocol.ts';
import { engine, sentence } from './store.ts';

export interface Answer<T> {
  readonly value: T | null;
  readonly error: string;
  readonly pending: boolean;
}

/** Asks whenever the question changes; null asks nothing. */
export function useAnswer<M extends Method>(method: M, question: Engine[M][0] | null): Answer<Engine[M][1]> {
  const [answer, setAnswer] = useState<Answer<Engine[M][1]>>({
    value: null,
    error: '',
    pending: question !== null,
  });
  const latest = useRef(0);
  const key = question === null ? '' : JSON.stringify(question);
  useEffect(() => {
    if (question === null) return;
    const turn = ++latest.current;
    setAnswer((old) => ({ ...old, pending: true }));
    engine()
      .ask(method, question)
      .then(
        (value) => {
          if (turn === latest.current) setAnswer({ value, error: '', pending: false });
        },
        (error: unknown) => {
          if (turn === latest.current) setAnswer({ value: null, error: sentence(error), pending: false });
        },
      );
  }, [key]);
  return answer;
}
