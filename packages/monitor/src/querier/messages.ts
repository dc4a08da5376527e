// The messages of Pyroscope's `querier.v1` that are answered.
// Source: pyroscope api/querier/v1/querier.proto, api/types/v1/types.proto, 2.2
import type { Schema } from '../wire/schema.ts';

const pair: Schema = { name: { number: 1, kind: 'text' }, value: { number: 2, kind: 'text' } };
const labels: Schema = { labels: { number: 1, kind: pair, list: true } };
const names: Schema = { names: { number: 1, kind: 'text', list: true } };
const level: Schema = { values: { number: 1, kind: 'integer', list: true } };

/** Of what several requests have at the same numbers. */
const selection: Schema = {
  profileTypeID: { number: 1, kind: 'text' },
  labelSelector: { number: 2, kind: 'text' },
  start: { number: 3, kind: 'integer' },
  end: { number: 4, kind: 'integer' },
};

export interface Method {
  readonly asked: Schema;
  readonly answer: Schema;
}

export type MethodName =
  | 'ProfileTypes'
  | 'LabelNames'
  | 'LabelValues'
  | 'Series'
  | 'SelectSeries'
  | 'SelectMergeStacktraces'
  | 'SelectMergeProfile'
  | 'GetProfileStats';

export const methods: Readonly<Record<MethodName, Method>> = {
  ProfileTypes: {
    asked: { start: { number: 1, kind: 'integer' }, end: { number: 2, kind: 'integer' } },
    answer: {
      profileTypes: {
        number: 1,
        list: true,
        kind: {
          ID: { number: 1, kind: 'text' },
          name: { number: 2, kind: 'text' },
          sampleType: { number: 4, kind: 'text' },
          sampleUnit: { number: 5, kind: 'text' },
          periodType: { number: 6, kind: 'text' },
          periodUnit: { number: 7, kind: 'text' },
        },
      },
    },
  },
  LabelNames: {
    asked: {
      matchers: { number: 1, kind: 'text', list: true },
      start: { number: 2, kind: 'integer' },
      end: { number: 3, kind: 'integer' },
    },
    answer: names,
  },
  LabelValues: {
    asked: {
      name: { number: 1, kind: 'text' },
      matchers: { number: 2, kind: 'text', list: true },
      start: { number: 3, kind: 'integer' },
      end: { number: 4, kind: 'integer' },
    },
    answer: names,
  },
  Series: {
    asked: {
      matchers: { number: 1, kind: 'text', list: true },
      labelNames: { number: 2, kind: 'text', list: true },
      start: { number: 3, kind: 'integer' },
      end: { number: 4, kind: 'integer' },
    },
    answer: { labelsSet: { number: 2, kind: labels, list: true } },
  },
  SelectSeries: {
    asked: {
      ...selection,
      groupBy: { number: 5, kind: 'text', list: true },
      step: { number: 6, kind: 'double' },
      limit: { number: 9, kind: 'integer' },
    },
    answer: {
      series: {
        number: 1,
        list: true,
        kind: {
          ...labels,
          points: {
            number: 2,
            list: true,
            kind: { value: { number: 1, kind: 'double' }, timestamp: { number: 2, kind: 'integer' } },
          },
        },
      },
    },
  },
  SelectMergeStacktraces: {
    asked: { ...selection, maxNodes: { number: 5, kind: 'integer' } },
    answer: {
      flamegraph: {
        number: 1,
        kind: {
          names: { number: 1, kind: 'text', list: true },
          levels: { number: 2, kind: level, list: true },
          total: { number: 3, kind: 'integer' },
          maxSelf: { number: 4, kind: 'integer' },
        },
      },
    },
  },
  // Its answer is a profile of pprof's.
  SelectMergeProfile: { asked: selection, answer: {} },
  GetProfileStats: {
    asked: {},
    answer: {
      dataIngested: { number: 1, kind: 'boolean' },
      oldestProfileTime: { number: 2, kind: 'integer' },
      newestProfileTime: { number: 3, kind: 'integer' },
    },
  },
};
