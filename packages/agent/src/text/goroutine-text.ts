// The debug=2 text of the goroutine profile, in the grammar of Go's traceback printer.
// Upstream: golang/go src/runtime/traceback.go, 1.26.8
import { type Profile, quoteGo, safeText, taskLabel } from '@stackpile/profile';
import { ownLabels } from './count-text.ts';
import { framesOf, labelsOf } from './read.ts';

/** Go cuts the middle out of stacks with more visible frames than this. */
const MAX_FRAMES = 100;

/** A name as the grammar allows it before `(...)`: parentheses in pairs, as in Go's `(*T).run`, or none. */
function symbol(name: string): string {
  const text = safeText(name);
  let depth = 0;
  for (const c of text) {
    if (c === '(') depth++;
    else if (c === ')' && --depth < 0) break;
  }
  return depth === 0 ? text : text.replaceAll('(', '[').replaceAll(')', ']');
}

/** Go says of what is leaked that it is, and not for how long it has waited. */
function header(id: bigint, state: string, minutes: bigint, labels: string, isLeaked: boolean): string {
  const waited = isLeaked ? ' (leaked)' : minutes >= 1n ? `, ${minutes} minutes` : '';
  return `goroutine ${id} [${safeText(state)}${waited}${labels}]:\n`;
}

/**
 * One group per sample: `goroutine ID [state, N minutes]:` and `name(...)`, TAB `file:line` per frame. A sample needs the
 * labels `goroutine` (its number), `state` and `waited` (milliseconds); `created_by` is `name file:line`. A value other than 1
 * is printed as the label `stackpile_weight`, the number `error` as `stackpile_error`.
 *
 * @param isLeaked which rows are marked as leaked
 */
export function goroutineText(profile: Profile, isLeaked: (row: number) => boolean = () => false): string {
  const groups: string[] = [];
  for (let row = 0; row < profile.samples.length; row++) {
    const { text, number } = labelsOf(profile, row);
    const pairs = [...text]
      .filter(([key]) => !ownLabels.has(key))
      .map(([key, value]) => `${quoteGo(key)}: ${quoteGo(value)}`);
    // A sampled task stands for several: without its weight a reader would take a busy service for an idle one.
    const weight = profile.samples.values[0]?.[row] ?? 1;
    if (Number(weight) !== 1) pairs.push(`"${taskLabel.textWeight}": "${weight}"`);
    const error = number.get(taskLabel.error);
    if (error !== undefined) pairs.push(`"${taskLabel.textError}": "${error}%"`);
    pairs.sort();
    const labels = pairs.length === 0 ? '' : ` labels:{${pairs.join(', ')}}`;
    const minutes = (number.get(taskLabel.waited) ?? 0n) / 60_000n;
    const id = number.get(taskLabel.id) ?? 0n;
    let out = header(id, text.get(taskLabel.state) ?? 'await', minutes, labels, isLeaked(row));
    const frames = framesOf(profile, row);
    const half = MAX_FRAMES / 2;
    frames.forEach((frame, i) => {
      if (frames.length > MAX_FRAMES && i >= half && i < frames.length - half) {
        if (i === half) out += `...${frames.length - MAX_FRAMES} frames elided...\n`;
        return;
      }
      out += `${symbol(frame.name)}(...)\n\t${safeText(frame.file === '' ? '<native>' : frame.file)}:${frame.line}\n`;
    });
    if (frames.length === 0) out += '\tgoroutine running on other thread; stack unavailable\n';
    const created = /^(.*) (\S.*:\d+)$/u.exec(text.get(taskLabel.createdBy) ?? '');
    if (created !== null)
      out += `created by ${symbol(created[1] as string)}\n\t${safeText(created[2] as string)}\n`;
    groups.push(out);
  }
  return groups.join('\n');
}
