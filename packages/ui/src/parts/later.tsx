// A component that comes with the page but does not run before it is shown.
import type { ComponentType, JSX } from 'preact';
import { useLayoutEffect, useState } from 'preact/hooks';
import { sentence } from '../store.ts';
import { Failure, Loading } from './states.tsx';

/**
 * A component in the place of one that `load` brings.
 *
 * @param text what is said meanwhile; '' says nothing
 */
export function later(load: () => Promise<ComponentType>, text: string): ComponentType {
  let there: ComponentType | null = null;
  return function Later(): JSX.Element | null {
    const [part, setPart] = useState<{ readonly component: ComponentType | null; readonly error: string }>({
      component: there,
      error: '',
    });
    // Before the next frame: what came with the page is there at once, and nothing flickers.
    useLayoutEffect(() => {
      if (part.component !== null) return;
      load().then(
        (component) => {
          there = component;
          setPart({ component, error: '' });
        },
        (error: unknown) => setPart({ component: null, error: sentence(error) }),
      );
    }, []);
    const { component: Part, error } = part;
    if (Part !== null) return <Part />;
    if (error !== '') return <Failure message={error} />;
    return text === '' ? null : <Loading text={text} />;
  };
}
