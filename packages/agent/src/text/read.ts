// Reads rows of a profile for the text forms: frames of a stack, labels of a sample.
import { int64At, numberAt, type Profile } from '@stackpile/profile';

/** A frame as the text forms print it. */
export interface TextFrame {
  readonly address: bigint;
  readonly name: string;
  readonly file: string;
  readonly line: number;
  readonly startLine: number;
  /** True where an outer frame shares the address. */
  readonly inlined: boolean;
}

/** Frames of sample `row`, leaf first, inlined callees before their callers. */
export function framesOf(profile: Profile, row: number): TextFrame[] {
  const { samples, locations, functions, strings } = profile;
  const frames: TextFrame[] = [];
  for (let i = samples.stackStart[row] as number; i < (samples.stackStart[row + 1] as number); i++) {
    const location = samples.stackLocations[i] as number;
    const address = locations.address[location] as bigint;
    const end = locations.lineStart[location + 1] as number;
    for (let l = locations.lineStart[location] as number; l < end; l++) {
      const f = locations.lines.function[l] as number;
      frames.push({
        address,
        name: strings.get(functions.name[f] as number),
        file: strings.get(functions.filename[f] as number),
        line: numberAt(locations.lines.line, l),
        startLine: numberAt(functions.startLine, f),
        inlined: l < end - 1,
      });
    }
  }
  return frames;
}

/** Labels of one sample: texts and numbers by key. */
export interface SampleLabels {
  readonly text: ReadonlyMap<string, string>;
  readonly number: ReadonlyMap<string, bigint>;
}

/** Labels of sample `row`; of several with one key the last. */
export function labelsOf(profile: Profile, row: number): SampleLabels {
  const { labelStart, labels } = profile.samples;
  const text = new Map<string, string>();
  const number = new Map<string, bigint>();
  for (let i = labelStart[row] as number; i < (labelStart[row + 1] as number); i++) {
    const key = profile.strings.get(labels.key[i] as number);
    const value = labels.text[i] as number;
    if (value === 0) number.set(key, int64At(labels.number, i));
    else text.set(key, profile.strings.get(value));
  }
  return { text, number };
}
