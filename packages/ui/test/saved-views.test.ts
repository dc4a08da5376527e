// pprof's saved views: what is kept of a state comes back, and what pprof does not know is not kept.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { isShown, keptOf, takenFrom } from '../src/saved-views.ts';
import { filterNames } from '../src/stack-filters.ts';
import { granularities, initialState, type ViewState } from '../src/state.ts';

test('filters, what boxes are, and the order of tables come back as they were', () => {
  const text = fc.oneof(fc.constant(''), fc.string({ maxLength: 20 }));
  fc.assert(
    fc.property(
      fc.record({ ...Object.fromEntries(filterNames.map((name) => [name, text])) }),
      fc.constantFrom(...granularities.filter((one) => one !== 'packages')),
      fc.constantFrom('auto' as const, 'cum' as const),
      (filters, granularity, sort) => {
        const state: ViewState = { ...initialState, ...filters, granularity, sort };
        const query = keptOf(state).toString();
        assert.deepEqual({ ...initialState, ...takenFrom(query) }, state);
        assert.ok(isShown({ name: 'a', query }, state));
      },
    ),
    { numRuns: 200 },
  );
});

test('what pprof does not know is not kept, and going to a view ends all other filters', () => {
  const state: ViewState = {
    ...initialState,
    view: 'top',
    source: 3,
    search: 'x',
    zoom: 'a.b',
    granularity: 'packages',
    libraries: 'mine',
    tagRoot: 'route',
    sort: 'delta',
    focus: 'work',
  };
  assert.equal(keptOf(state).toString(), 'f=work');
  const next = { ...state, ...takenFrom('h=noise&n=30&trim=f&sort=cum') };
  assert.equal(next.focus, '');
  assert.equal(next.hide, 'noise');
  assert.equal(next.libraries, 'show');
  assert.equal(next.tagRoot, '');
  assert.equal(next.sort, 'cum');
  assert.equal(next.view, 'top');
  assert.equal(next.source, 3);
  assert.ok(isShown({ name: 'Default', query: '' }, initialState));
  assert.ok(!isShown({ name: 'a', query: 'f=other' }, state));
});
