// Go's count texts with names: `goroutine?debug=1`, goroutineleak, threadcreate and the program's own profiles.
// Upstream: golang/go src/runtime/pprof/pprof.go, 1.26.8
import { ProfileBuilder, type SampleLabel } from '../builder.ts';
import { ProfileError } from '../errors.ts';
import { readLabelList } from '../go-quote.ts';
import { LineReader } from '../bytes/lines.ts';
import type { Profile } from '../profile.ts';
import type { ProfileFormat } from './format.ts';
import { FrameLines } from './go-frames.ts';

const HEADER = /^(\S+) profile: total (\d+)$/;
const RECORD = /^(\d+) @((?: 0x[0-9a-fA-F]+)*)\s*$/;
const LABELS = '# labels: ';

function malformed(lines: LineReader, what: string): ProfileError {
  return new ProfileError('PROFILE_MALFORMED', `line ${lines.number} (byte ${lines.offset}): ${what}`, {
    pprofMessage: 'parsing profile: malformed profile format',
  });
}

/**
 * Reads a count text. Every record is one sample; its frames are those of the `#` lines, or bare addresses where
 * there are none.
 */
export function readGoCounts(bytes: Uint8Array): Profile {
  const lines = new LineReader(bytes);
  while (lines.next() && isBlankOrComment(lines.line));
  const header = HEADER.exec(lines.line.trimEnd());
  if (header === null) throw malformed(lines, 'expected "NAME profile: total N"');
  const type = { type: header[1] as string, unit: 'count' };
  const builder = new ProfileBuilder({ sampleTypes: [type], periodType: type, period: 1 });
  const frames = new FrameLines();
  let count = -1n;
  let addresses: string[] = [];
  let labels: SampleLabel[] = [];

  const finish = (): void => {
    if (count < 0n) return;
    let stack: number[];
    if (frames.length > 0) stack = frames.take(builder);
    else {
      stack = addresses.map((text) =>
        // Return addresses; the call is before them.
        builder.location({ address: BigInt.asUintN(64, BigInt(text) - 1n), lines: [] }),
      );
    }
    builder.sample(stack, [count], labels);
    count = -1n;
    labels = [];
  };

  while (lines.next()) {
    const { line } = lines;
    if (line.startsWith('---')) break;
    if (line.startsWith('#')) {
      if (line.startsWith(LABELS)) {
        const list = readLabelList(line, LABELS.length);
        if (list === null) throw malformed(lines, 'the label list is not well formed');
        for (const label of list.labels) labels.push(label);
      } else frames.add(line);
      continue;
    }
    if (line.trim() === '') continue;
    finish();
    const record = RECORD.exec(line);
    if (record === null) throw malformed(lines, 'expected "COUNT @ 0xADDRESS …"');
    count = BigInt(record[1] as string);
    if (count > 0x7fffffffffffffffn) throw malformed(lines, 'the count is not a 64-bit integer');
    addresses = (record[2] as string).split(' ').filter((text) => text !== '');
    if (addresses.some((text) => text.length > 18))
      throw malformed(lines, 'an address has more than 64 bits');
  }
  finish();
  return builder.build();
}

function isBlankOrComment(line: string): boolean {
  const trimmed = line.trim();
  return trimmed === '' || trimmed.startsWith('#');
}

/** Count texts of Go (`debug=1`). */
export const goCounts: ProfileFormat = {
  name: 'Go count text',
  sniff: (_bytes, head) => /^(?:[ \t]*(?:#.*)?\r?\n)*\S+ profile: total \d+\s*(?:\n|$)/.test(head),
  read: readGoCounts,
};
