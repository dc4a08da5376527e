// Labels as frames: pseudo frames at the root or at the leaf of every stack.
// Upstream: google/pprof internal/driver/tagroot.go, 2025-11-14
import { extendStrings, type Int64Column, type Profile } from '@stackpile/profile';
import type { Int64 } from '../int64.ts';
import { scaledLabel } from '../measurement.ts';
import type { ReportOptions } from '../options.ts';

/** Adds a frame per key of `tagroot` and `tagleaf` to every sample. */
export function addTagFrames(profile: Profile, options: ReportOptions, warnings: string[]): Profile {
  const roots = options.tagroot.split(',').filter((key) => key !== '');
  const leaves = options.tagleaf.split(',').filter((key) => key !== '');
  const frames = new PseudoFrames(profile, options.unit);
  let rootMatched = false;
  let leafMatched = false;
  const { samples } = profile;
  const start = new Uint32Array(samples.length + 1);
  const per = roots.length + leaves.length;
  const stack = new Uint32Array(per === 0 ? 0 : samples.stackLocations.length + per * samples.length);
  let at = 0;
  const rootFrames: number[] = [];
  for (let s = 0; s < samples.length && per > 0; s++) {
    // Frames of roots get their numbers first.
    rootFrames.length = 0;
    for (let k = roots.length - 1; k >= 0; k--) {
      const { location, found } = frames.locationOf(s, roots[k] as string);
      rootMatched ||= found;
      rootFrames.push(location);
    }
    for (let k = leaves.length - 1; k >= 0; k--) {
      const { location, found } = frames.locationOf(s, leaves[k] as string);
      leafMatched ||= found;
      stack[at++] = location;
    }
    const end = samples.stackStart[s + 1] as number;
    for (let i = samples.stackStart[s] as number; i < end; i++)
      stack[at++] = samples.stackLocations[i] as number;
    for (const location of rootFrames) stack[at++] = location;
    start[s + 1] = at;
  }
  if (options.tagroot !== '' && !rootMatched) warnings.push('TagRoot expression matched no samples');
  if (options.tagleaf !== '' && !leafMatched) warnings.push('TagLeaf expression matched no samples');
  if (per === 0) return profile;
  return { ...frames.build(), samples: { ...samples, stackStart: start, stackLocations: stack } };
}

/** Locations made of labels: one per file (the key) and name (the values). */
class PseudoFrames {
  readonly #profile: Profile;
  readonly #unit: string;
  readonly #locations = new Map<string, number>();
  readonly #names: { name: string; file: string }[] = [];

  constructor(profile: Profile, unit: string) {
    this.#profile = profile;
    this.#unit = unit;
  }

  locationOf(sample: number, key: string): { location: number; found: boolean } {
    const values = this.#values(sample, key);
    const name = values.join(',');
    const identity = `${key.length}:${key}${name}`;
    let index = this.#locations.get(identity);
    if (index === undefined) {
      index = this.#names.length;
      this.#names.push({ name, file: key });
      this.#locations.set(identity, index);
    }
    return { location: this.#profile.locations.length + index, found: values.length > 0 };
  }

  /** Texts of the key's values: first its text labels, then its numbers. */
  #values(sample: number, key: string): string[] {
    const { samples, strings } = this.#profile;
    const { labels, labelStart } = samples;
    const end = labelStart[sample + 1] as number;
    const texts: string[] = [];
    const numbers: number[] = [];
    let hasUnit = false;
    for (let i = labelStart[sample] as number; i < end; i++) {
      if (strings.get(labels.key[i] as number) !== key) continue;
      if (labels.text[i] !== 0) texts.push(strings.get(labels.text[i] as number));
      else {
        numbers.push(i);
        if (labels.unit[i] !== 0) hasUnit = true;
      }
    }
    for (const i of numbers) {
      const value = labels.number[i] as Int64;
      const unit = strings.get(labels.unit[i] as number);
      texts.push(hasUnit ? scaledLabel(value, unit, this.#unit) : scaledLabel(value, '', ''));
    }
    return texts;
  }

  /** The profile with the new functions and locations. */
  build(): Profile {
    const { functions, locations, strings } = this.#profile;
    const { lines } = locations;
    const texts: string[] = [];
    for (const { name, file } of this.#names) texts.push(name, file);
    const extra = this.#names.length;
    const functionCount = functions.length + extra;
    const locationCount = locations.length + extra;
    const lineCount = lines.length + extra;
    const ids = (old: BigUint64Array, count: number): BigUint64Array => {
      const all = new BigUint64Array(count);
      all.set(old);
      let next = 0n;
      for (const id of old) if (id > next) next = id;
      for (let i = old.length; i < count; i++) all[i] = ++next;
      return all;
    };
    const grow32 = (old: Uint32Array, count: number): Uint32Array => {
      const all = new Uint32Array(count);
      all.set(old);
      return all;
    };
    const name = grow32(functions.name, functionCount);
    const filename = grow32(functions.filename, functionCount);
    const mapping = new Int32Array(locationCount).fill(-1);
    mapping.set(locations.mapping);
    const address = new BigUint64Array(locationCount);
    address.set(locations.address);
    const isFolded = new Uint8Array(locationCount);
    isFolded.set(locations.isFolded);
    const lineStart = grow32(locations.lineStart, locationCount + 1);
    const lineFunction = new Uint32Array(lineCount);
    lineFunction.set(lines.function);
    for (let i = 0; i < extra; i++) {
      // Empty texts are row 0, wherever the table would put them.
      const { name: text, file } = this.#names[i] as { name: string; file: string };
      name[functions.length + i] = text === '' ? 0 : strings.length + 2 * i;
      filename[functions.length + i] = file === '' ? 0 : strings.length + 2 * i + 1;
      lineStart[locations.length + i + 1] = lines.length + i + 1;
      lineFunction[lines.length + i] = functions.length + i;
    }
    return {
      ...this.#profile,
      strings: extendStrings(strings, texts),
      functions: {
        length: functionCount,
        id: ids(functions.id, functionCount),
        name,
        systemName: grow32(functions.systemName, functionCount),
        filename,
        startLine: growInt64(functions.startLine, functionCount),
      },
      locations: {
        length: locationCount,
        id: ids(locations.id, locationCount),
        mapping,
        address,
        isFolded,
        lineStart,
        lines: {
          length: lineCount,
          function: lineFunction,
          line: growInt64(lines.line, lineCount),
          column: growInt64(lines.column, lineCount),
        },
      },
    };
  }
}

function growInt64(old: Int64Column, count: number): Int64Column {
  if (old instanceof Float64Array) {
    const all = new Float64Array(count);
    all.set(old);
    return all;
  }
  const all = new BigInt64Array(count);
  all.set(old);
  return all;
}
