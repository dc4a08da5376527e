// Go's `goroutine?debug=2` text (and the same grammar from Node services): one stack per goroutine.
// Upstream: golang/go src/runtime/traceback.go, 1.26.8
import { ProfileBuilder, type SampleLabel } from '../builder.ts';
import { ProfileError } from '../errors.ts';
import { readLabelList } from '../go-quote.ts';
import { LineReader } from '../bytes/lines.ts';
import type { Profile } from '../profile.ts';
import type { ProfileFormat } from './format.ts';
import { taskLabel } from '../wire/task-labels.ts';
import { lineNumber } from './go-frames.ts';

const HEADER = /^goroutine (\d+)(?: gp=\S+)?(?: m=\S+)?(?: mp=\S+)? \[(.*)\]:\s*$/;
const POSITION = /^\s+(.+?):(\d+)(?::(\d+))?( \+0x[0-9a-fA-F]+)?(?: fp=.*)?\s*$/;
const CREATED = /^created by (.*?)(?: in goroutine \d+)?\s*$/;
const ELIDED = /^\.\.\.(?:\d+ frames|additional frames|\(\d+ frames\)|.*) elided\.\.\.$/;
const WAITED = /^(\d+(?:\.\d+)?) (nanoseconds|microseconds|milliseconds|seconds|minutes|hours)$/;
const ATTRIBUTE = / \((?:leaked|scan|durable)\)$/;

/** What stands between the brackets of a header. */
interface Header {
  readonly state: string;
  readonly labels: readonly SampleLabel[];
}

function waitedLabel(amount: number, unit: string): SampleLabel {
  switch (unit) {
    case 'seconds':
      return { key: taskLabel.waited, number: Math.round(amount * 1000), unit: 'milliseconds' };
    case 'hours':
      return { key: taskLabel.waited, number: Math.round(amount * 60), unit: 'minutes' };
    case 'microseconds':
      return { key: taskLabel.waited, number: Math.round(amount * 1000), unit: 'nanoseconds' };
    default:
      return { key: taskLabel.waited, number: Math.round(amount), unit };
  }
}

/** Takes `chan receive (nil chan), 5 minutes, locked to thread labels:{"a": "b"}` apart. */
function readHeader(text: string): Header {
  const labels: SampleLabel[] = [];
  const marker = ' labels:{';
  const labelsAt = text.indexOf(marker);
  if (labelsAt >= 0) {
    const list = readLabelList(text, labelsAt + marker.length - 1);
    if (list !== null && text.slice(list.end).trim() === '') {
      for (const label of list.labels) labels.push(label);
      text = text.slice(0, labelsAt);
    }
  }
  const parts = text.split(', ');
  let state = parts[0] as string;
  while (ATTRIBUTE.test(state)) state = state.replace(ATTRIBUTE, '');
  for (const part of parts.slice(1)) {
    const waited = WAITED.exec(part);
    if (waited === null) continue;
    const amount = Number(waited[1]);
    if (amount < 1e15) labels.unshift(waitedLabel(amount, waited[2] as string));
  }
  return { state, labels };
}

/** `main.(*T).run(0x1, {0x2, 0x3})` → `main.(*T).run` and whether the arguments are exactly `...`. */
export function splitCall(line: string): { symbol: string; dots: boolean } {
  const text = line.trimEnd();
  if (!text.endsWith(')')) return { symbol: text, dots: false };
  let depth = 0;
  for (let i = text.length - 1; i >= 0; i--) {
    const c = text.charCodeAt(i);
    if (c === 41) depth++;
    else if (c === 40 && --depth === 0) {
      // A name of nothing but brackets, such as "(anonymous)", has no arguments.
      if (i === 0) break;
      return { symbol: text.slice(0, i), dots: text.slice(i) === '(...)' };
    }
  }
  return { symbol: text, dots: false };
}

interface Call {
  readonly symbol: string;
  readonly dots: boolean;
  file: string;
  line: number;
  column: number;
  /** Whether the position line has a program counter offset: Go prints none for inlined calls. */
  hasOffset: boolean;
}

/** Turns calls into locations, leaf first: inlined calls belong to the physical frame that follows them. */
function locations(builder: ProfileBuilder, calls: readonly Call[]): number[] {
  const stack: number[] = [];
  const toLine = (call: Call): { function: number; line: number; column: number } => ({
    function: builder.function(call.symbol, call.file),
    line: call.line,
    column: call.column,
  });
  for (let i = 0; i < calls.length; ) {
    let end = i;
    while (end < calls.length && (calls[end] as Call).dots && !(calls[end] as Call).hasOffset) end++;
    if (end < calls.length && (calls[end] as Call).hasOffset) {
      stack.push(builder.location({ lines: calls.slice(i, end + 1).map(toLine) }));
      i = end + 1;
      continue;
    }
    // Nothing physical follows (its frame is hidden, or the text is not Go's): each call is its own frame.
    const stop = Math.max(end, i + 1);
    for (; i < stop; i++) stack.push(builder.location({ lines: [toLine(calls[i] as Call)] }));
  }
  return stack;
}

/**
 * Reads a dump of stacks. Each goroutine is one sample with the labels `goroutine` (its number), `state`, `waited`,
 * `created_by` and its own labels.
 */
export function readGoStacks(bytes: Uint8Array): Profile {
  const lines = new LineReader(bytes);
  const type = { type: 'goroutine', unit: 'count' };
  const builder = new ProfileBuilder({ sampleTypes: [type], periodType: type, period: 1 });
  let id: bigint | null = null;
  let header: Header = { state: '', labels: [] };
  let calls: Call[] = [];
  let createdBy = '';
  /** In ancestors, and in text around the dump, lines are not this goroutine's frames. */
  let skipping = false;

  const finish = (): void => {
    if (id === null) return;
    const labels: SampleLabel[] = [{ key: taskLabel.id, number: id }];
    if (header.state !== '') labels.push({ key: taskLabel.state, text: header.state });
    if (createdBy !== '') labels.push({ key: taskLabel.createdBy, text: createdBy });
    for (const label of header.labels) labels.push(label);
    builder.sample(locations(builder, calls), [1], labels);
    id = null;
    calls = [];
    createdBy = '';
  };

  let pending: 'call' | 'created' | null = null;
  while (lines.next()) {
    const { line } = lines;
    if (line.startsWith('goroutine ')) {
      const match = HEADER.exec(line);
      if (match !== null) {
        finish();
        id = BigInt(match[1] as string);
        if (id > 0x7fffffffffffffffn) {
          const where = `line ${lines.number} (byte ${lines.offset})`;
          throw new ProfileError('PROFILE_MALFORMED', `${where}: the goroutine number has more than 63 bits`);
        }
        header = readHeader(match[2] as string);
        skipping = false;
        pending = null;
        continue;
      }
    }
    if (id === null) continue;
    if (line.trim() === '') {
      finish();
      continue;
    }
    if (skipping) continue;
    if (line.startsWith('\t') || line.startsWith(' ')) {
      const match = pending === null ? null : POSITION.exec(line);
      if (match !== null) {
        if (pending === 'created') createdBy += ` ${match[1] as string}:${match[2] as string}`;
        else {
          const call = calls[calls.length - 1] as Call;
          call.file = match[1] as string;
          call.line = lineNumber(match[2]);
          call.column = lineNumber(match[3]);
          call.hasOffset = match[4] !== undefined;
        }
      }
      pending = null;
      continue;
    }
    if (line.startsWith('[originating from goroutine ')) {
      skipping = true;
      continue;
    }
    if (ELIDED.test(line)) continue;
    const created = CREATED.exec(line);
    if (created !== null) {
      createdBy = created[1] as string;
      pending = 'created';
      continue;
    }
    calls.push({ ...splitCall(line), file: '', line: 0, column: 0, hasOffset: false });
    pending = 'call';
  }
  finish();
  return builder.build();
}

/** Dumps of goroutine stacks (`debug=2`, crash reports). */
export const goStacks: ProfileFormat = {
  name: 'Go goroutine stacks',
  sniff: (_bytes, head) => /(?:^|\n)goroutine \d+ [^\n]*\[[^\n]*\]:\r?(?:\n|$)/.test(head),
  read: readGoStacks,
};
