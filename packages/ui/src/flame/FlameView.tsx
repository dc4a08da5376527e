// The flame graph as a view: what it asks of the worker, and what it says where there is nothing to draw.
import { useSignal } from '@preact/signals';
import type { JSX } from 'preact';
import { useMemo } from 'preact/hooks';
import type { FlameQuery } from '../engine/questions/flame.ts';
import { Failure, Loading } from '../parts/states.tsx';
import { stackQuery, state } from '../store.ts';
import { useAnswer } from '../use-answer.ts';
import { FlamePanel } from './FlamePanel.tsx';
import { makePicture } from './picture.ts';

/** Into how many parts of equal width a graph may be cut so that each is still about a pixel; a power of two, as windows are resized. */
export function visibleParts(width: number): number {
  return 2 ** Math.ceil(Math.log2(Math.max(512, Math.min(16_384, width)) * 1.5));
}

export function FlameView({
  compare = false,
  sampleType,
}: {
  readonly compare?: boolean;
  /** Where the view is about one type only. */
  readonly sampleType?: string;
}): JSX.Element {
  const { mode, pivot, zoom, search, flip, onlyChanged } = state.value;
  const base = stackQuery(compare);
  const fineness = useSignal(1);
  const query: FlameQuery | null =
    base === null
      ? null
      : {
          ...base,
          ...(sampleType === undefined ? {} : { sampleType }),
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
  if (picture.answer.kept === 0) {
    return (
      <Failure
        pending={answer.pending}
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
