// What one does with any verdict: see the two ends side by side, take it along.
import type { JSX } from 'preact';
import { navigate } from '../store.ts';
import { earliest, latest } from './frames.ts';

export function NextSteps({ copy }: { readonly copy: () => void }): JSX.Element {
  return (
    <>
      <button
        type="button"
        class="chip"
        onClick={() => navigate({ view: 'compare', source: latest(), base: earliest(), zoom: '' })}
      >
        Compare first and last
      </button>
      <button type="button" class="chip" onClick={copy}>
        Copy as text
      </button>
    </>
  );
}
