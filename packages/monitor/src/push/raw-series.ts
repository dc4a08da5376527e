// Series of labels with pprof profiles: Pyroscope's `push.v1.PusherService/Push` and Parca's `ProfileStoreService/WriteRaw`, in
// protobuf and in JSON.
// Source: pyroscope api/push/v1/push.proto; parca proto/parca/profilestore/v1alpha1/profilestore.proto
import { MonitorError } from '../errors.ts';
import { bytesOf, textOf } from '../wire/protobuf.ts';
import type { Pushed } from './pushed.ts';

/** Where the numbers of fields differ: of Parca, labels are a message of their own, and a profile's bytes come first. */
export interface Layout {
  readonly series: number;
  /** Labels stand in the series, or in a message of it. */
  readonly nested: boolean;
  /** Of a sample: its raw profile. */
  readonly profile: number;
}

export const PYROSCOPE: Layout = { series: 1, nested: false, profile: 1 };
export const PARCA: Layout = { series: 2, nested: true, profile: 1 };

type Pairs = readonly (readonly [name: string, value: string])[];

/** @throws MonitorError `MONITOR_REQUEST` */
export function readRawMessage(message: Uint8Array, layout: Layout): Pushed[] {
  return bytesOf(message, layout.series).flatMap((series) => {
    const sets = layout.nested ? bytesOf(series, 1) : [series];
    const pairs: Pairs = sets
      .flatMap((set) => bytesOf(set, 1))
      .map((pair) => [textOf(pair, 1), textOf(pair, 2)] as const);
    const labels = labelsOf(pairs);
    return bytesOf(series, 2).flatMap((sample) =>
      bytesOf(sample, layout.profile).map((bytes) => ({ labels, time: null, bytes })),
    );
  });
}

const MOST_LABELS = 1000;

/** The labels of a series, which its samples have in common. */
function labelsOf(pairs: Pairs): Pushed['labels'] {
  if (pairs.length > MOST_LABELS)
    throw new MonitorError(
      'MONITOR_TOO_LARGE',
      `${pairs.length} labels of a series are more than ${MOST_LABELS}`,
    );
  return Object.fromEntries(pairs);
}

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const list = (value: unknown): Readonly<Record<string, unknown>>[] =>
  Array.isArray(value) ? value.filter(isObject) : [];

/** The same in JSON, where names of fields are written in either of protobuf's two ways. @throws MonitorError */
export function readRawJson(text: string): Pushed[] {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new MonitorError('MONITOR_REQUEST', 'the body is no JSON', { cause: error });
  }
  if (!isObject(value)) throw new MonitorError('MONITOR_REQUEST', 'the body is no object of JSON');
  return list(value['series']).flatMap((series) => {
    const { labels } = series;
    const pairs = list(isObject(labels) ? labels['labels'] : labels).map(
      ({ name, value: text }) => [String(name), String(text)] as const,
    );
    const all = labelsOf(pairs);
    return list(series['samples']).flatMap((sample) => {
      const raw = sample['rawProfile'] ?? sample['raw_profile'];
      if (typeof raw !== 'string') return [];
      return [{ labels: all, time: null, bytes: Buffer.from(raw, 'base64') }];
    });
  });
}
