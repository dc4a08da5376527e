// The CPU profile format of V8, which Chrome, VS Code and Node's own tools open.
import { scale } from '../measurement.ts';
import type { ExportStacks } from './stacks.ts';

interface Node {
  readonly id: number;
  readonly callFrame: {
    readonly functionName: string;
    readonly scriptId: string;
    readonly url: string;
    readonly lineNumber: number;
    readonly columnNumber: number;
  };
  hitCount: number;
  readonly children: number[];
  /** Lines of the samples that ended here, which count from 1. */
  positionTicks?: [{ readonly line: number; ticks: number }];
}

/**
 * Every stack becomes one sample that lasts as long as its value says: in microseconds where the value is a time, else
 * one microsecond per unit. Negative values have no place there and are left out.
 */
export function cpuProfile({ frames, stacks, unit }: ExportStacks, timeNanos: bigint): string {
  const root: Node = makeNode(1, '(root)', '', 0, 0);
  const nodes = [root];
  const children = new Map<string, Node>();
  const samples: number[] = [];
  const timeDeltas: number[] = [];
  const perUnit = scale(1, unit, 'microseconds');
  const factor = perUnit.unit === 'us' ? perUnit.value : 1;
  // A delta is the time since the sample before, so each value stands behind its own sample.
  let pending = 0;
  let total = 0;
  for (const { frames: rows, value } of stacks) {
    if (value <= 0) continue;
    let node = root;
    for (const row of rows) {
      const key = `${node.id} ${row}`;
      let child = children.get(key);
      if (child === undefined) {
        const { name, file, line, column, start } = frames[row] as (typeof frames)[number];
        // Where the function begins, if the profile says so; else the line that was sampled is the nearest to it.
        const [first, at] = start === 0 || start === line ? [line, column] : [start, 0];
        child = makeNode(nodes.length + 1, name, file, first, at);
        children.set(key, child);
        nodes.push(child);
        node.children.push(child.id);
      }
      node = child;
    }
    node.hitCount++;
    const { line = 0 } = frames[rows.at(-1) ?? -1] ?? {};
    if (line > 0 && node !== root) node.positionTicks = [{ line, ticks: node.hitCount }];
    samples.push(node.id);
    timeDeltas.push(pending);
    pending = value * factor;
    total += pending;
  }
  samples.push(root.id);
  timeDeltas.push(pending);
  const startTime = Number(timeNanos / 1000n);
  return `${JSON.stringify({ nodes, startTime, endTime: startTime + total, samples, timeDeltas })}\n`;
}

/** V8 counts lines and columns from 0; profiles count them from 1, and 0 is unknown. */
function makeNode(id: number, name: string, url: string, line: number, column: number): Node {
  const callFrame = {
    functionName: name,
    scriptId: '0',
    url,
    lineNumber: line - 1,
    columnNumber: column - 1,
  };
  return { id, callFrame, hitCount: 0, children: [] };
}
