// A profile as one line per sample: frames from the root to the leaf, values, labels.
import { int64At, type Profile } from '../../src/index.ts';

/** `name file:line:column`, without what is unknown. */
function frameText(profile: Profile, line: number): string {
  const { locations, functions, strings } = profile;
  const fn = locations.lines.function[line] as number;
  const name = strings.get(functions.name[fn] as number);
  const file = strings.get(functions.filename[fn] as number);
  const at = Number(locations.lines.line[line]);
  const column = Number(locations.lines.column[line]);
  return `${name}${file === '' ? '' : ` ${file}`}${at === 0 ? '' : `:${at}`}${column === 0 ? '' : `:${column}`}`;
}

function locationText(profile: Profile, location: number): string[] {
  const { locations, mappings, strings } = profile;
  const from = locations.lineStart[location] as number;
  const texts: string[] = [];
  for (let line = (locations.lineStart[location + 1] as number) - 1; line >= from; line--) {
    texts.push(frameText(profile, line));
  }
  if (texts.length > 0) return texts;
  const mapping = locations.mapping[location] as number;
  const binary = mapping < 0 ? '' : strings.get(mappings.filename[mapping] as number);
  return [`0x${(locations.address[location] as bigint).toString(16)}${binary === '' ? '' : ` in ${binary}`}`];
}

function labelsText(profile: Profile, row: number): string {
  const { samples, strings } = profile;
  const { labels } = samples;
  let text = '';
  for (let i = samples.labelStart[row] as number; i < (samples.labelStart[row + 1] as number); i++) {
    const value =
      labels.text[i] === 0 ? `#${int64At(labels.number, i)}` : strings.get(labels.text[i] as number);
    text += ` ${strings.get(labels.key[i] as number)}=${value}`;
  }
  return text;
}

/** All samples, in their order. */
export function stackLines(profile: Profile): string[] {
  const { samples } = profile;
  return Array.from({ length: samples.length }, (_, row) => {
    const frames: string[] = [];
    const end = samples.stackStart[row] as number;
    for (let i = (samples.stackStart[row + 1] as number) - 1; i >= end; i--) {
      frames.push(...locationText(profile, samples.stackLocations[i] as number));
    }
    const values = samples.values.map((column) => String(int64At(column, row)));
    return `${frames.join(' > ')} : ${values.join(' ')}${labelsText(profile, row)}`;
  });
}

/** What the golden files hold: everything but ids. */
export function profileText(profile: Profile): string {
  const types = profile.sampleTypes.map(({ type, unit }) => `${type}/${unit}`).join(' ');
  const head = [
    `types ${types}${profile.defaultSampleType === '' ? '' : `, first ${profile.defaultSampleType}`}`,
    `time ${profile.timeNanos} duration ${profile.durationNanos} period ${profile.period}`,
    ...profile.comments.map((comment) => `# ${comment}`),
  ];
  return `${[...head, ...stackLines(profile)].join('\n')}\n`;
}
