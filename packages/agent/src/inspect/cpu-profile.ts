// From V8's recordings of the CPU to profiles: call trees of a stretch of time, which can be added up.
import { type Profile, ProfileBuilder } from '@stackpile/profile';
import { type Frame, type FrameContext, FrameWriter } from '../frames.ts';

/** A node of V8's call tree. */
export interface CpuNode {
  readonly id: number;
  readonly callFrame: {
    readonly functionName: string;
    readonly scriptId: string;
    readonly url: string;
    readonly lineNumber: number;
    readonly columnNumber: number;
  };
  readonly children?: readonly number[];
  readonly positionTicks?: readonly { readonly line: number; readonly ticks: number }[];
}

/** `Profiler.Profile` of the inspector protocol; times in microseconds. */
export interface CpuProfile {
  readonly nodes: readonly CpuNode[];
  readonly startTime: number;
  readonly endTime: number;
  readonly samples?: readonly number[];
  readonly timeDeltas?: readonly number[];
}

/** What a CPU profile covers. */
export interface CpuWindow {
  /** Microseconds of the monotonic clock. */
  readonly from: number;
  readonly to: number;
  readonly timeNanos: bigint;
  readonly intervalMicros: number;
  readonly idle: boolean;
}

type CallFrame = CpuNode['callFrame'];

/** A call in a {@link CallTree}. */
class Call {
  readonly frame: CallFrame;
  readonly callees: Map<string, Call> = new Map();
  /** Samples by the line that ran, 0 where V8 told none. */
  readonly samples: Map<number, number> = new Map();
  micros = 0;

  constructor(frame: CallFrame) {
    this.frame = frame;
  }

  callee(frame: CallFrame): Call {
    const key = `${frame.scriptId}:${frame.lineNumber}:${frame.columnNumber}:${frame.functionName}:${frame.url}`;
    let call = this.callees.get(key);
    if (call === undefined) this.callees.set(key, (call = new Call(frame)));
    return call;
  }

  add(other: Call): void {
    this.micros += other.micros;
    for (const [line, samples] of other.samples)
      this.samples.set(line, (this.samples.get(line) ?? 0) + samples);
    for (const callee of other.callees.values()) this.callee(callee.frame).add(callee);
  }
}

const root: CallFrame = { functionName: '(root)', scriptId: '0', url: '', lineNumber: -1, columnNumber: -1 };

/**
 * What ran in a stretch of time, by stack: as large as there are different stacks, however long it took. Each sample counts 1
 * and lasts until the next one, as every reader of V8's profiles has it.
 */
export class CallTree {
  readonly #root = new Call(root);

  /** Adds what a recording holds from `from` on until before `to`, in microseconds of the monotonic clock. */
  addPiece(piece: CpuProfile, from: number, to: number): void {
    const samples = new Map<number, number>();
    const micros = new Map<number, number>();
    let time = piece.startTime;
    piece.samples?.forEach((node, i) => {
      time += Math.max(0, piece.timeDeltas?.[i] ?? 0);
      const next = piece.timeDeltas?.[i + 1];
      const until = next === undefined ? piece.endTime : time + next;
      const lasts = Math.min(until, to) - Math.max(time, from);
      if (lasts > 0) micros.set(node, (micros.get(node) ?? 0) + lasts);
      if (time >= from && (time < to || (time === to && to === piece.endTime)))
        samples.set(node, (samples.get(node) ?? 0) + 1);
    });
    const nodes = new Map<number, CpuNode>();
    const parents = new Map<number, CpuNode>();
    for (const node of piece.nodes) {
      nodes.set(node.id, node);
      for (const child of node.children ?? []) parents.set(child, node);
    }
    const calls = new Map<number, Call>();
    const callOf = (node: CpuNode): Call => {
      let call = calls.get(node.id);
      if (call === undefined) {
        const parent = parents.get(node.id);
        call = parent === undefined ? this.#root : callOf(parent).callee(node.callFrame);
        calls.set(node.id, call);
      }
      return call;
    };
    for (const [id, count] of samples) {
      const node = nodes.get(id);
      if (node === undefined) continue;
      const call = callOf(node);
      call.micros += micros.get(id) ?? 0;
      for (const part of byLine(node, count))
        call.samples.set(part.line, (call.samples.get(part.line) ?? 0) + part.samples);
    }
  }

  /** Adds what another tree holds. */
  add(other: CallTree): void {
    this.#root.add(other.#root);
  }

  /** Every call that was on top of the stack, callers first. */
  *leaves(): Generator<{ readonly call: Call; readonly callers: readonly CallFrame[] }> {
    const open: { call: Call; callers: readonly CallFrame[] }[] = [{ call: this.#root, callers: [] }];
    for (let next = open.pop(); next !== undefined; next = open.pop()) {
      const { call, callers } = next;
      if (call !== this.#root && call.samples.size > 0) yield next;
      const below = call === this.#root ? [] : [call.frame, ...callers];
      for (const callee of call.callees.values()) open.push({ call: callee, callers: below });
    }
  }
}

/** The profile of what ran in a window. */
export function treeProfile(tree: CallTree, window: CpuWindow, context: FrameContext): Profile {
  const builder = new ProfileBuilder({
    sampleTypes: [
      { type: 'samples', unit: 'count' },
      { type: 'cpu', unit: 'nanoseconds' },
    ],
    periodType: { type: 'cpu', unit: 'nanoseconds' },
    period: window.intervalMicros * 1000,
    timeNanos: window.timeNanos,
    durationNanos: BigInt(Math.round(window.to - window.from)) * 1000n,
  });
  const leaves = [...tree.leaves()].filter(({ call }) => window.idle || call.frame.functionName !== '(idle)');
  const writer = new FrameWriter(builder, context);
  for (const { call, callers } of leaves) {
    const below = callers.map((frame) => writer.location(frameOf(frame, 0)));
    const total = [...call.samples.values()].reduce((sum, samples) => sum + samples, 0);
    for (const [line, samples] of call.samples) {
      const nanos = Math.round((call.micros * 1000 * samples) / total);
      const stack = [writer.location(frameOf(call.frame, line)), ...below];
      builder.sample(stack, [samples, nanos], writer.labels(stack));
    }
  }
  builder.comment(
    'lines of callers are those on which the calling function starts: V8 records the leaf line only',
  );
  writer.comment();
  return builder.build();
}

/** Stacks of a call tree, leaf first, with samples and microseconds: one for each line that was on top. */
export function* treeStacks(tree: CallTree): Generator<{
  readonly frames: readonly Frame[];
  readonly samples: number;
  readonly micros: number;
}> {
  for (const { call, callers } of tree.leaves()) {
    const below = callers.map((frame) => frameOf(frame, 0));
    const total = [...call.samples.values()].reduce((sum, samples) => sum + samples, 0);
    for (const [line, samples] of call.samples)
      yield {
        frames: [frameOf(call.frame, line), ...below],
        samples,
        micros: (call.micros * samples) / total,
      };
  }
}

/** All frames of a call tree, for the look-up of where they were written. */
export function treeFrames(tree: CallTree): Frame[] {
  return [...tree.leaves()].flatMap(({ call, callers }) => [
    ...[...call.samples.keys()].map((line) => frameOf(call.frame, line)),
    ...callers.map((frame) => frameOf(frame, 0)),
  ]);
}

/** All frames of recordings, for the same. */
export function cpuFrames(pieces: readonly CpuProfile[]): Frame[] {
  return pieces.flatMap(({ nodes }) =>
    nodes.flatMap(({ callFrame, positionTicks }) =>
      [0, ...(positionTicks ?? []).map((tick) => tick.line)].map((line) => frameOf(callFrame, line)),
    ),
  );
}

/** The profile of recordings; time outside of the window counts for nothing. */
export function cpuProfile(pieces: readonly CpuProfile[], window: CpuWindow, context: FrameContext): Profile {
  const tree = new CallTree();
  for (const piece of pieces) tree.addPiece(piece, window.from, window.to);
  return treeProfile(tree, window, context);
}

/** A frame on a line of which V8 has counted ticks; 0 stands for where the function begins. */
export function frameOf(frame: CallFrame, line: number): Frame {
  const { functionName, scriptId, url, lineNumber, columnNumber } = frame;
  const [startLine, startColumn] = [lineNumber + 1, columnNumber + 1];
  const at = line > 0 ? { line } : { line: startLine, column: startColumn };
  return { name: functionName, file: url, scriptId, startLine, startColumn, ...at };
}

/** Shares out `samples` among the lines that V8 saw ticks on, largest remainders first. */
function byLine(node: CpuNode, samples: number): { line: number; samples: number }[] {
  const ticks = node.positionTicks ?? [];
  const total = ticks.reduce((sum, one) => sum + one.ticks, 0);
  if (total === 0) return [{ line: 0, samples }];
  const parts = ticks.map(({ line, ticks: n }) => ({ line, exact: (n * samples) / total }));
  const shares = parts.map((part) => ({
    line: part.line,
    samples: Math.floor(part.exact),
    rest: part.exact % 1,
  }));
  let left = samples - shares.reduce((sum, share) => sum + share.samples, 0);
  for (const share of [...shares].sort((a, b) => b.rest - a.rest)) {
    if (left <= 0) break;
    share.samples++;
    left--;
  }
  return shares.filter((share) => share.samples > 0);
}
