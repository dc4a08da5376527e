// What the sampler austin prints of Python programs: stacks as `P<pid>;T<thread>;file:function:line;… metric`, and what it says of
// itself behind `# `. Source: the section "Format" of austin's README, versions 2 to 4.
import { LineReader } from '../bytes/lines.ts';
import type { Profile } from '../profile.ts';
import { AUSTIN, AustinSamples } from './austin-samples.ts';
import type { ProfileFormat } from './format.ts';
import { quotedPiece } from './passed-over.ts';

const MAX_VALUE = 2 ** 53;

/** `P77;T78`, `P77;T0:78` (interpreter and thread), and a metric or three of them behind a blank. */
const STACK =
  /^P(\d{1,10});T(?:(\d{1,20}):)?(0x[0-9a-f]{1,16}|\d{1,20})((?:;.*)?) (-?\d{1,16}(?:,-?\d{1,16}){0,2})$/;
/** `:GC:` and `:INVALID:` have no place. */
const FRAME = /^(.*?):([^:]*):(\d{0,9})(?::\d{1,9}){0,3}$/;

class Reader {
  readonly #lines: LineReader;
  readonly #samples: AustinSamples;
  readonly #frameOf = new Map<string, number>();

  constructor(bytes: Uint8Array) {
    this.#samples = new AustinSamples(bytes.length);
    this.#lines = new LineReader(bytes);
  }

  read(): Profile {
    const lines = this.#lines;
    while (lines.next()) {
      const line = lines.line.trim();
      if (line.startsWith('# ')) this.#samples.mode(/^# mode: (\w+)$/.exec(line)?.[1] ?? '');
      else if (line !== '' && !this.#readStack(line))
        this.#samples.passed.add('line', () => `line ${lines.number}: ${quotedPiece(line)}`);
    }
    return this.#samples.finish();
  }

  /** @returns false where the line is no stack */
  #readStack(line: string): boolean {
    const samples = this.#samples;
    const match = STACK.exec(line);
    if (match === null) return false;
    const [, pid = '', , tid = '', frames = '', metrics = ''] = match;
    const values = metrics.split(',').map(Number);
    if (values.some((value) => Math.abs(value) > MAX_VALUE)) return false;
    // Files without a word about their mode show it by their metrics.
    if (values.length === 3) samples.mode('full');
    if (values.length !== (samples.isFull ? 3 : 1)) return false;
    // Handles of threads are too large for numbers that others read.
    const isNumber = /^\d{1,15}$/.test(tid) && Number(tid) > 0;
    let stack = samples.thread(Number(pid), isNumber ? Number(tid) : tid);
    for (const frame of frames.split(';').slice(1)) stack = samples.call(stack, this.#frame(frame));
    const [time = 0, idle = 0, memory = time] = values;
    samples.add(stack, time, memory, idle !== 0);
    return true;
  }

  #frame(text: string): number {
    let frame = this.#frameOf.get(text);
    if (frame === undefined) {
      const [, file = '', name = text, line = '0'] = FRAME.exec(text) ?? [];
      frame = this.#samples.frame(name, file, Number(line));
      this.#frameOf.set(text, frame);
    }
    return frame;
  }
}

/** The first line that is no remark is a stack of it. */
function sniff(_bytes: Uint8Array, head: string): boolean {
  const lines = head.split(/\r?\n/).filter((line) => line.trim() !== '' && !line.startsWith('#'));
  return lines.slice(0, 8).some((line) => STACK.test(line.trim()));
}

/** austin's text: wall, cpu or both in nanoseconds, or memory in bytes; with the labels `pid` and `tid`. */
export const austin: ProfileFormat = { name: AUSTIN, sniff, read: (bytes) => new Reader(bytes).read() };
