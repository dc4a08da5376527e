// A question to the worker as a hook: the latest question wins, the last answer stays until the next one is there.
import { useLayoutEffect, useRef, useState } from 'preact/hooks';
import type { Engine, Method } from './engine/protocol.ts';
import { engine, sentence } from './store.ts';

export interface Answer<T> {
  readonly value: T | null;
  readonly error: string;
  /** Whether `value` and `error` are of a question before this one, from the very render that asks on. */
  readonly pending: boolean;
}

/** Asks whenever the question changes; null asks nothing. */
export function useAnswer<M extends Method>(method: M, question: Engine[M][0] | null): Answer<Engine[M][1]> {
  const key = question === null ? '' : JSON.stringify(question);
  const [answer, setAnswer] = useState<{
    readonly value: Engine[M][1] | null;
    readonly error: string;
    readonly key: string;
  }>({ value: null, error: '', key: '' });
  const latest = useRef(0);
  // Before the next frame, which may be late.
  useLayoutEffect(() => {
    const turn = ++latest.current;
    if (question === null) return;
    engine()
      .ask(method, question)
      .then(
        (value) => {
          if (turn === latest.current) setAnswer({ value, error: '', key });
        },
        (error: unknown) => {
          if (turn === latest.current) setAnswer({ value: null, error: sentence(error), key });
        },
      );
  }, [key]);
  return { value: answer.value, error: answer.error, pending: question !== null && answer.key !== key };
}
