// The file format of speedscope: https://www.speedscope.app/file-format-schema.json.
import type { ExportStacks } from './stacks.ts';

const units: ReadonlyMap<string, string> = new Map([
  ['nanoseconds', 'nanoseconds'],
  ['microseconds', 'microseconds'],
  ['milliseconds', 'milliseconds'],
  ['seconds', 'seconds'],
  ['bytes', 'bytes'],
]);

/** A "sampled" profile; weights keep their sign. A frame without a line of its own stands where its function begins. */
export function speedscope({ frames, stacks, unit }: ExportStacks, name: string): string {
  const endValue = stacks.reduce((sum, { value }) => sum + value, 0);
  const file = {
    $schema: 'https://www.speedscope.app/file-format-schema.json',
    exporter: 'stackpile',
    name,
    activeProfileIndex: 0,
    shared: {
      frames: frames.map((frame) => ({
        name: frame.name,
        ...(frame.file === '' ? {} : { file: frame.file }),
        ...(frame.line === 0 && frame.start === 0
          ? {}
          : { line: frame.line === 0 ? frame.start : frame.line }),
        ...(frame.column === 0 ? {} : { col: frame.column }),
      })),
    },
    profiles: [
      {
        type: 'sampled',
        name,
        unit: units.get(unit) ?? 'none',
        startValue: 0,
        endValue,
        samples: stacks.map((stack) => stack.frames),
        weights: stacks.map(({ value }) => value),
      },
    ],
  };
  return `${JSON.stringify(file)}\n`;
}
