// The grammars of Go's answers, as strict checks that hold for a Go service and for a Node service alike.
import assert from 'node:assert/strict';
import { gunzipSync } from 'node:zlib';
import { decodeProfile, type Profile, readGoIndex } from '@stackpile/profile';

/** What an answer is, apart from its status and headers. */
export type Grammar =
  | 'index'
  | 'profile'
  | 'counts'
  | 'heap'
  | 'mutex'
  | 'stacks'
  | 'symbol'
  | 'cmdline'
  | 'text'
  | 'trace';

const HEX = '0x[\\da-f]+';
const FRAME = `#\\t${HEX}(?:\\t+[^\\t\\n]+\\+${HEX}\\t+(?:[^\\t\\n]+:\\d+)?)?\\n`;
const STACK = `@(?: ${HEX})*\\n`;
const SUMS = '\\d+: \\d+ \\[\\d+: \\d+\\]';
const LABELS = '(?:# labels: \\{.*\\}\\n)?';

const counts = new RegExp(
  `^[\\w.]+ profile: total \\d+\\n(?:# .*\\n)*(?:-?\\d+ ${STACK}${LABELS}(?:${FRAME})*\\n)*$`,
  'u',
);
const heap = new RegExp(
  `^heap profile: ${SUMS} @ heap/\\d+\\n(?:${SUMS} ${STACK}(?:${FRAME})*\\n)*\\n# runtime\\.MemStats\\n(?:# \\w+ = .+\\n)+$`,
  'u',
);
const mutex = new RegExp(
  `^--- mutex:\\ncycles/second=\\d+\\nsampling period=\\d+\\n(?:# .*\\n)*(?:\\d+ \\d+ ${STACK}(?:${FRAME})*\\n)*$`,
  'u',
);
const symbol = new RegExp(`^num_symbols: 1\\n(?:${HEX} .+\\n)*(?:reading request: .+\\n)?$`, 'u');
const STATE = '\\[[^\\]\\n]+(?:\\{[^\\n]*\\})?\\]';
const CALL = '[^\\n\\t].*\\((?:\\.\\.\\.|[^\\n]*)\\)\\n\\t.+:\\d+(?: \\+0x[\\da-f]+)?\\n';
const CREATED = 'created by .+\\n\\t.+:\\d+(?: \\+0x[\\da-f]+)?\\n';
const group = new RegExp(
  `^goroutine \\d+ ${STATE}:\\n(?:(?:${CALL})|(?:\\.\\.\\.\\d+ frames elided\\.\\.\\.\\n)|\\t.*unavailable\\n)*(?:${CREATED})?$`,
  'u',
);

function typesOf({ sampleTypes }: Profile): string[] {
  return sampleTypes.map(({ type, unit }) => `${type}/${unit}`);
}

/** Types, period and default of a profile, as far as Go's has them. */
function assertSameKind(ours: Profile, go: Profile): void {
  // Ours may count more behind Go's columns.
  assert.deepEqual(typesOf(ours).slice(0, go.sampleTypes.length), typesOf(go));
  assert.deepEqual(ours.periodType, go.periodType);
  assert.ok(ours.period > 0n);
  assert.ok(ours.timeNanos > 0n);
  if (go.defaultSampleType !== '') assert.equal(ours.defaultSampleType, go.defaultSampleType);
  if (go.durationNanos > 0n) assert.ok(ours.durationNanos > 0n);
}

function decoded(body: Buffer): Profile {
  // Gzip inside, whatever the headers say.
  assert.deepEqual([...body.subarray(0, 2)], [0x1f, 0x8b]);
  return decodeProfile(gunzipSync(body));
}

/** Checks one body by itself. */
function assertText(grammar: Exclude<Grammar, 'profile' | 'trace'>, text: string): void {
  switch (grammar) {
    case 'index': {
      const { offers } = readGoIndex(text);
      assert.ok(offers.length >= 10, String(offers.length));
      assert.match(
        text,
        /<li><div class=profile-name>goroutine: <\/div> Stack traces of all current goroutines/u,
      );
      return;
    }
    case 'stacks':
      for (const one of text.split('\n\n')) assert.match(one.endsWith('\n') ? one : `${one}\n`, group);
      return;
    case 'cmdline':
      assert.match(text, /^\/[^\0]+(?:\0[^\0]*)*$/u);
      assert.doesNotMatch(text, /[\0\n]$/u);
      return;
    case 'text':
      assert.notEqual(text, '');
      return;
    default:
      assert.match(text, { counts, heap, mutex, symbol }[grammar]);
  }
}

/** Checks that two bodies are of one grammar. */
export function assertGrammar(grammar: Grammar, ours: Buffer, go: Buffer): void {
  if (grammar === 'trace') return;
  if (grammar === 'profile') {
    assertSameKind(decoded(ours), decoded(go));
    return;
  }
  assertText(grammar, go.toString());
  assertText(grammar, ours.toString());
}
