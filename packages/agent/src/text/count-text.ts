// The debug=1 text of profiles that count: goroutine and the like.
// Upstream: golang/go src/runtime/pprof/pprof.go, 1.26.8
import { int64At, type Profile, quoteGo, safeText, taskLabel } from '@stackpile/profile';
import { framesOf, labelsOf } from './read.ts';
import { alignTabs } from './tabwriter.ts';

/** Labels that say what a sample is rather than what the user put on it. */
export const ownLabels: ReadonlySet<string> = new Set([taskLabel.state, taskLabel.createdBy, taskLabel.kind]);

/** Frames that Go's runtime would hide at the leaf: ours are Node's own. */
function isInternal(file: string): boolean {
  return file.startsWith('node:') || file === '';
}

interface TextRecord {
  readonly key: string;
  count: bigint;
  readonly lines: readonly string[];
}

function labelLine(profile: Profile, row: number): string {
  const { text } = labelsOf(profile, row);
  const pairs = [...text]
    .filter(([key]) => !ownLabels.has(key))
    .map(([key, value]) => `${quoteGo(key)}:${quoteGo(value)}`);
  return pairs.length === 0 ? '' : `# labels: {${pairs.sort().join(', ')}}`;
}

/** The `@` line's addresses and the `#` lines of sample `row`. */
export function stackLines(
  profile: Profile,
  row: number,
  hideInternal: boolean,
): { at: string; lines: string[] } {
  const frames = framesOf(profile, row);
  // Addresses after @ are return addresses, one above the call's.
  const at = frames.map((frame) => ` 0x${(frame.address + 1n).toString(16)}`).join('');
  const first = hideInternal ? frames.findIndex((frame) => !isInternal(frame.file)) : 0;
  const shown = first < 0 ? frames : frames.slice(first);
  const lines = shown.map((frame) => {
    const offset = Math.max(0, frame.line - frame.startLine);
    const position = frame.file === '' ? '' : `${safeText(frame.file)}:${frame.line}`;
    return `#\t0x${frame.address.toString(16)}\t${safeText(frame.name)}+0x${offset.toString(16)}\t${position}`;
  });
  return { at, lines: alignTabs(lines) };
}

/**
 * `NAME profile: total N` and one record per stack and labels, most first, as Go prints it. Leading `node:` frames are left
 * out of the `#` lines as Go leaves out its runtime's, but never from the `@` line. How sure a total is that was sampled stands below it.
 */
export function countText(profile: Profile, name: string): string {
  const values = profile.samples.values[0];
  const records = new Map<string, TextRecord>();
  let total = 0n;
  for (let row = 0; row < profile.samples.length; row++) {
    const count = values === undefined ? 0n : int64At(values, row);
    if (count === 0n) continue;
    total += count;
    const { at, lines } = stackLines(profile, row, true);
    const labels = labelLine(profile, row);
    const key = `@${at}${labels === '' ? '' : `\n${labels}`}`;
    const known = records.get(key);
    if (known === undefined) records.set(key, { key, count, lines });
    else known.count += count;
  }
  const sorted = [...records.values()].sort((a, b) =>
    a.count === b.count ? (a.key < b.key ? -1 : 1) : a.count > b.count ? -1 : 1,
  );
  let out = `${name} profile: total ${total}\n`;
  for (const comment of profile.comments) if (comment.includes(' confidence')) out += `# ${comment}\n`;
  for (const record of sorted) {
    out += `${record.count} ${record.key}\n`;
    for (const line of record.lines) out += `${line}\n`;
    out += '\n';
  }
  return out;
}
