// Rows of one profile, copied into another: what makes two of them the same, and what is taken along.
import { int64At, type Profile, type ProfileBuilder, type SampleLabel, taskLabel } from '@stackpile/profile';
import { framesOf } from '../text/read.ts';

/** Labels of a row that are its identity: how long the oldest waited, and how sure a count is, differs between readings. */
export function labelsAt(profile: Profile, row: number): SampleLabel[] {
  const { labelStart, labels } = profile.samples;
  const out: SampleLabel[] = [];
  for (let i = labelStart[row] as number; i < (labelStart[row + 1] as number); i++) {
    const key = profile.strings.get(labels.key[i] as number);
    const text = labels.text[i] as number;
    if (text !== 0) out.push({ key, text: profile.strings.get(text) });
    else if (key !== taskLabel.waited && key !== taskLabel.error) {
      out.push({
        key,
        number: int64At(labels.number, i),
        unit: profile.strings.get(labels.unit[i] as number),
      });
    }
  }
  return out;
}

/** A text that is equal for rows of equal stacks and labels. */
export function keyOf(profile: Profile, row: number, labels: readonly SampleLabel[]): string {
  const frames = framesOf(profile, row).map((frame) => [frame.name, frame.file, frame.line]);
  const pairs = labels.map((label) =>
    'text' in label ? [label.key, label.text] : [label.key, String(label.number), label.unit ?? ''],
  );
  return JSON.stringify([frames, pairs]);
}

/** Adds rows of other profiles to a builder, in one mapping. */
export class RowCopier {
  readonly #builder: ProfileBuilder;
  readonly #mapping: number;

  /** @param mapped the profile whose first mapping all rows get */
  constructor(builder: ProfileBuilder, { mappings, strings }: Profile) {
    this.#builder = builder;
    this.#mapping =
      mappings.length === 0
        ? -1
        : builder.mapping({
            start: mappings.start[0] as bigint,
            limit: mappings.limit[0] as bigint,
            filename: strings.get(mappings.filename[0] as number),
            flags: mappings.flags[0] as number,
          });
  }

  /** Adds the stack of a row with values and labels of its own. */
  add(
    profile: Profile,
    row: number,
    values: readonly (number | bigint)[],
    labels: readonly SampleLabel[],
  ): void {
    const builder = this.#builder;
    const stack = framesOf(profile, row).map((frame) =>
      builder.location({
        ...(this.#mapping < 0 ? {} : { mapping: this.#mapping }),
        address: frame.address,
        lines: [{ function: builder.function(frame.name, frame.file, frame.startLine), line: frame.line }],
      }),
    );
    builder.sample(stack, values, labels);
  }
}
