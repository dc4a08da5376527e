// Labels of the nodes of a picture: how much of a node carries which label.
// Upstream: google/pprof internal/graph/graph.go internal/graph/dotgraph.go, 2025-11-14
import { compareBytes } from '../go/bytewise.ts';
import { abs64, add64, div64, type Int64, isZero } from '../int64.ts';
import { scaledLabel } from '../measurement.ts';
import type { PreparedReport } from '../prepare.ts';
import type { FrameTable } from './frames.ts';
import type { Graph } from './graph.ts';

/** One label of a node. */
export interface Tag {
  readonly name: string;
  readonly unit: string;
  readonly value: Int64;
  flat: Int64;
  flatDiv: Int64;
  cum: Int64;
  cumDiv: Int64;
}

/** Labels of one node: text labels by their joined text, numeric ones below the text label of the same sample. */
export interface NodeTags {
  text: Map<string, Tag>;
  numeric: Map<string, Map<string, Tag>>;
}

/** `flat` of a label, divided for means. */
export function tagFlat(tag: Tag): Int64 {
  return isZero(tag.flatDiv) ? tag.flat : div64(tag.flat, tag.flatDiv);
}
/** `cum` of a label, divided for means. */
export function tagCum(tag: Tag): Int64 {
  return isZero(tag.cumDiv) ? tag.cum : div64(tag.cum, tag.cumDiv);
}

/** The labels of one sample, ready to be added to nodes. */
export interface SampleTags {
  /** All text labels, `key:value` sorted and joined, '' where there are none. */
  readonly text: string;
  readonly numbers: readonly { readonly name: string; readonly unit: string; readonly value: Int64 }[];
}

const NONE: SampleTags = { text: '', numbers: [] };

/** Reads the labels of samples as pictures show them: no mark of a base, and of the numbers only `bytes`. */
export class TagReader {
  readonly #report: PreparedReport;
  readonly #texts = new Map<number, Map<number, string>>();
  readonly #keys = new Map<number, string>();

  constructor(report: PreparedReport) {
    this.#report = report;
  }

  read(sample: number): SampleTags {
    const { profile, labelUnits, options } = this.#report;
    const { labels, labelStart } = profile.samples;
    const start = labelStart[sample] as number;
    const end = labelStart[sample + 1] as number;
    if (start === end) return NONE;
    const texts: string[] = [];
    const numbers: { name: string; unit: string; value: Int64 }[] = [];
    for (let i = start; i < end; i++) {
      const keyRow = labels.key[i] as number;
      let key = this.#keys.get(keyRow);
      if (key === undefined) this.#keys.set(keyRow, (key = profile.strings.get(keyRow)));
      const textRow = labels.text[i] as number;
      if (textRow !== 0) {
        if (key === 'pprof::base') continue;
        let byText = this.#texts.get(keyRow);
        if (byText === undefined) this.#texts.set(keyRow, (byText = new Map<number, string>()));
        let pair = byText.get(textRow);
        if (pair === undefined) byText.set(textRow, (pair = `${key}:${profile.strings.get(textRow)}`));
        texts.push(pair);
      } else if (key === 'bytes') {
        const unit = labelUnits.get(key) ?? '';
        const value = labels.number[i] as Int64;
        numbers.push({ name: scaledLabel(value, unit, options.unit), unit, value });
      }
    }
    const text = texts.length < 2 ? (texts[0] ?? '') : texts.sort(compareBytes).join('\\n');
    return { text, numbers };
  }
}

/** Adds the weight of a sample to the labels of a node. */
export function addTags(
  tags: NodeTags,
  sample: SampleTags,
  weight: Int64,
  divisor: Int64,
  flat: boolean,
): void {
  if (sample.text !== '') {
    let tag = tags.text.get(sample.text);
    if (tag === undefined) tags.text.set(sample.text, (tag = newTag(sample.text, '', 0, weight)));
    addWeight(tag, weight, divisor, flat);
  }
  if (sample.numbers.length === 0) return;
  let numeric = tags.numeric.get(sample.text);
  if (numeric === undefined) tags.numeric.set(sample.text, (numeric = new Map<string, Tag>()));
  for (const { name, unit, value } of sample.numbers) {
    let tag = numeric.get(name);
    if (tag === undefined) numeric.set(name, (tag = newTag(name, unit, value, weight)));
    addWeight(tag, weight, divisor, flat);
  }
}

function newTag(name: string, unit: string, value: Int64, like: Int64): Tag {
  const zero: Int64 = typeof like === 'number' ? 0 : 0n;
  return { name, unit, value, flat: zero, flatDiv: zero, cum: zero, cumDiv: zero };
}

function addWeight(tag: Tag, weight: Int64, divisor: Int64, flat: boolean): void {
  if (flat) {
    tag.flat = add64(tag.flat, weight);
    tag.flatDiv = add64(tag.flatDiv, divisor);
  } else {
    tag.cum = add64(tag.cum, weight);
    tag.cumDiv = add64(tag.cumDiv, divisor);
  }
}

/** Labels of the given nodes, in one pass over the samples. */
export function collectTags(
  report: PreparedReport,
  frames: FrameTable,
  graph: Graph,
  nodes: readonly number[],
): Map<number, NodeTags> {
  const result = new Map<number, NodeTags>();
  const { samples } = report.profile;
  if (samples.labels.length === 0) return result;
  const { value, divisor } = report.weights;
  const wanted = new Uint8Array(graph.flat.length);
  for (const node of nodes) wanted[node] = 1;
  const { frameStart, frameNode } = frames;
  const { stackStart, stackLocations: stack } = samples;
  const seen = new Uint32Array(graph.flat.length);
  const reader = new TagReader(report);
  const zero: Int64 = value instanceof Float64Array ? 0 : 0n;
  const add = (node: number, tags: SampleTags, weight: Int64, div: Int64, flat: boolean): void => {
    let own = result.get(node);
    if (own === undefined) result.set(node, (own = { text: new Map(), numeric: new Map() }));
    addTags(own, tags, weight, div, flat);
  };
  for (let s = 0; s < samples.length; s++) {
    const weight = value[s] as Int64;
    const div = divisor === null ? zero : (divisor[s] as Int64);
    if (isZero(weight) && isZero(div)) continue;
    if (samples.labelStart[s] === samples.labelStart[s + 1]) continue;
    const tags = reader.read(s);
    if (tags.text === '' && tags.numbers.length === 0) continue;
    const start = stackStart[s] as number;
    const end = stackStart[s + 1] as number;
    if (start === end) continue;
    for (let i = start; i < end; i++) {
      const location = stack[i] as number;
      const last = frameStart[location + 1] as number;
      for (let f = frameStart[location] as number; f < last; f++) {
        const node = frameNode[f] as number;
        if (wanted[node] === 0 || seen[node] === s + 1) continue;
        seen[node] = s + 1;
        add(node, tags, weight, div, false);
      }
    }
    const leaf = frameNode[frameStart[stack[start] as number] as number] as number;
    if (wanted[leaf] === 1) add(leaf, tags, weight, div, true);
  }
  return result;
}

/** Forgets labels whose flat and cum are both below `least`. */
export function trimTags(tags: ReadonlyMap<number, NodeTags>, least: Int64): void {
  const light = (tag: Tag): boolean => abs64(tag.flat) < least && abs64(tag.cum) < least;
  for (const own of tags.values()) {
    for (const [name, tag] of own.text) if (light(tag)) own.text.delete(name);
    for (const group of own.numeric.values()) {
      for (const [name, tag] of group) if (light(tag)) group.delete(name);
    }
  }
}

/** How many labels of a node have a flat value. */
export function countTags(tags: NodeTags): number {
  let count = 0;
  for (const tag of tags.text.values()) if (!isZero(tag.flat)) count++;
  for (const group of tags.numeric.values()) for (const tag of group.values()) if (!isZero(tag.flat)) count++;
  return count;
}

/** Sorts labels by |cum| or |flat|, then |flat|, then name. */
export function sortTags(tags: Tag[], flat: boolean): Tag[] {
  const descending = (left: Int64, right: Int64): number => (left > right ? -1 : left < right ? 1 : 0);
  return tags.sort((left, right) => {
    if (!flat && left.cum !== right.cum) return descending(abs64(left.cum), abs64(right.cum));
    if (left.flat !== right.flat) return descending(abs64(left.flat), abs64(right.flat));
    return compareBytes(left.name, right.name);
  });
}
