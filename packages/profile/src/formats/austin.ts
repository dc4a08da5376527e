// What the sampler austin prints of Python programs: stacks as `P<pid>;T<thread>;file:function:line;… metric`, and what it says of
// itself behind `# `. Source: the section "Format" of austin's README, versions 2 to 4.
import { ProfileBuilder, type SampleLabel } from '../builder.ts';
import { LineReader } from '../bytes/lines.ts';
import type { Profile, ValueType } from '../profile.ts';
import { CallTree, FrameBudget } from './call-tree.ts';
import type { ProfileFormat } from './format.ts';
import { FrameTable } from './frame-table.ts';
import { PassedOver, quotedPiece } from './passed-over.ts';

const NAME = 'austin';
const MAX_LINE = 2 ** 31 - 2;
const MAX_VALUE = 2 ** 53;

const wall: ValueType = { type: 'wall', unit: 'nanoseconds' };
const cpu: ValueType = { type: 'cpu', unit: 'nanoseconds' };
const space: ValueType = { type: 'space', unit: 'bytes' };

/** `P77;T78`, `P77;T0:78` (interpreter and thread), and a metric or three of them behind a blank. */
const STACK =
  /^P(\d{1,10});T(?:(\d{1,20}):)?(0x[0-9a-f]{1,16}|\d{1,20})((?:;.*)?) (-?\d{1,16}(?:,-?\d{1,16}){0,2})$/;
const FRAME = /^(.*?):([^:]*):(\d{1,9})(?::\d{1,9}){0,3}$/;

class Reader {
  readonly #bytes: number;
  readonly #lines: LineReader;
  readonly #tree = new CallTree();
  readonly #roots = new Map<string, number>();
  readonly #frames = new FrameTable();
  readonly #frameOf = new Map<string, number>();
  readonly #passed = new PassedOver();
  /** What a single metric is, as the file says in front. */
  #types: readonly ValueType[] = [wall];
  #isFull = false;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes.length;
    this.#lines = new LineReader(bytes);
  }

  read(): Profile {
    const lines = this.#lines;
    while (lines.next()) {
      const line = lines.line.trim();
      if (line.startsWith('# ')) this.#readRemark(line);
      else if (line !== '' && !this.#readStack(line))
        this.#passed.add('line', () => `line ${lines.number}: ${quotedPiece(line)}`);
    }
    const builder = new ProfileBuilder({ sampleTypes: this.#types });
    this.#passed.tell(builder);
    const location = (frame: number): number => this.#frames.location(builder, frame, 0);
    this.#tree.write(builder, this.#types.length, location, new FrameBudget(this.#bytes, `${NAME}: stacks`));
    return builder.build();
  }

  /** `# mode: cpu`; of several samples only the first decides. */
  #readRemark(line: string): void {
    const mode = /^# mode: (\w+)$/.exec(line)?.[1];
    if (mode === undefined || this.#tree.length > 0) return;
    if (mode === 'cpu') this.#types = [cpu];
    else if (mode === 'memory') this.#types = [space];
    else if (mode === 'full') this.#full();
  }

  #full(): void {
    this.#types = [cpu, space, wall];
    this.#isFull = true;
  }

  /** @returns false where the line is no stack */
  #readStack(line: string): boolean {
    const match = STACK.exec(line);
    if (match === null) return false;
    const [, pid = '', , tid = '', frames = '', metrics = ''] = match;
    const values = metrics.split(',').map(Number);
    if (values.some((value) => Math.abs(value) > MAX_VALUE)) return false;
    // Files without a word about their mode show it by their metrics.
    if (values.length === 3 && !this.#isFull && this.#tree.length === 0) this.#full();
    if (values.length !== (this.#isFull ? 3 : 1)) return false;
    let node = this.#root(pid, tid);
    for (const frame of frames.split(';').slice(1)) node = this.#tree.child(node, this.#frame(frame));
    const [time = 0, idle = 0, memory = 0] = values;
    if (this.#isFull) {
      if (idle === 0) this.#tree.add(node, 0, time * 1000);
      this.#tree.add(node, 1, memory);
      this.#tree.add(node, 2, time * 1000);
    } else this.#tree.add(node, 0, this.#types[0] === space ? time : time * 1000);
    return true;
  }

  #root(pid: string, tid: string): number {
    const key = `${pid} ${tid}`;
    let root = this.#roots.get(key);
    if (root === undefined) {
      const labels: SampleLabel[] = [{ key: 'pid', number: Number(pid) }];
      // Handles of threads are too large for numbers that others read.
      if (/^\d{1,15}$/.test(tid) && Number(tid) > 0) labels.push({ key: 'tid', number: Number(tid) });
      else labels.push({ key: 'thread', text: tid });
      root = this.#tree.root(labels);
      this.#roots.set(key, root);
    }
    return root;
  }

  #frame(text: string): number {
    let frame = this.#frameOf.get(text);
    if (frame === undefined) {
      const [, file = '', name = text, line = '0'] = FRAME.exec(text) ?? [];
      frame = this.#frames.add(name, file, Math.min(Number(line), MAX_LINE), 0);
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
export const austin: ProfileFormat = { name: NAME, sniff, read: (bytes) => new Reader(bytes).read() };
