// V8 tells the garbage collector's time without a stack: here it is a callee of what ran when it began.
import type { CpuNode, CpuProfile } from './cpu-profile.ts';

const COLLECTOR = '(garbage collector)';
/** Frames that call nothing. */
const nobody: ReadonlySet<string> = new Set(['(idle)', '(program)', '(root)']);

/** The recording with the collector's samples below those in front of them; those behind nothing stay where they are. */
export function collectorBelow(piece: CpuProfile): CpuProfile {
  const collector = piece.nodes.find(({ callFrame }) => callFrame.functionName === COLLECTOR);
  if (collector === undefined || piece.samples === undefined) return piece;
  const nodes = new Map(piece.nodes.map((node) => [node.id, node]));
  let nextId = piece.nodes.reduce((most, { id }) => Math.max(most, id), 0) + 1;
  /** The collector called by a node, by that node. */
  const added = new Map<number, CpuNode>();
  let ran: CpuNode | null = null;
  const samples = piece.samples.map((id) => {
    if (id !== collector.id) {
      const node = nodes.get(id);
      ran = node === undefined || nobody.has(node.callFrame.functionName) ? null : node;
      return id;
    }
    if (ran === null) return id;
    let below = added.get(ran.id);
    if (below === undefined)
      added.set(ran.id, (below = { id: nextId++, callFrame: collector.callFrame, children: [] }));
    return below.id;
  });
  const callers = piece.nodes.map((node) => {
    const below = added.get(node.id);
    return below === undefined ? node : { ...node, children: [...(node.children ?? []), below.id] };
  });
  return { ...piece, nodes: [...callers, ...added.values()], samples };
}
