// Stacks as the levels of a flame graph in Pyroscope's form: four numbers for each bar, whose places are differences.
import type { Values } from '../wire/schema.ts';

interface Node {
  readonly name: string;
  total: number;
  self: number;
  readonly children: Map<string, Node>;
}

const DEFAULT_NODES = 8192;
const MOST_NODES = 65_536;

const nodeOf = (name: string): Node => ({ name, total: 0, self: 0, children: new Map() });

/** Bars smaller than this are drawn as one beside their larger neighbours. */
function smallest(root: Node, most: number): number {
  const totals: number[] = [];
  const open = [root];
  for (let node = open.pop(); node !== undefined; node = open.pop()) {
    totals.push(node.total);
    for (const child of node.children.values()) open.push(child);
  }
  if (totals.length <= most) return 0;
  return totals.toSorted((a, b) => b - a)[most] ?? 0;
}

/**
 * @param stacks functions of each stack, root first, and its value
 * @param maxNodes 0 for as many as usual
 */
export function flameGraph(
  stacks: Iterable<readonly [functions: readonly string[], value: number]>,
  maxNodes: number,
): Values {
  const root = nodeOf('total');
  for (const [functions, value] of stacks) {
    let node = root;
    node.total += value;
    for (const name of functions) {
      let child = node.children.get(name);
      if (child === undefined) node.children.set(name, (child = nodeOf(name)));
      child.total += value;
      node = child;
    }
    node.self += value;
  }
  const least = smallest(root, Math.min(MOST_NODES, maxNodes > 0 ? maxNodes : DEFAULT_NODES));
  const names = new Map<string, number>();
  const indexOf = (name: string): number => {
    const known = names.get(name);
    if (known !== undefined) return known;
    names.set(name, names.size);
    return names.size - 1;
  };
  const levels: Values[] = [];
  let maxSelf = 0;
  let level: { readonly node: Node; readonly at: number }[] = [{ node: root, at: 0 }];
  while (level.length > 0) {
    const values: number[] = [];
    const next: typeof level = [];
    let end = 0;
    for (const { node, at } of level) {
      values.push(at - end, Math.round(node.total), Math.round(node.self), indexOf(node.name));
      end = at + Math.round(node.total);
      maxSelf = Math.max(maxSelf, Math.round(node.self));
      let left = at;
      for (const child of shown(node, least)) {
        next.push({ node: child, at: left });
        left += Math.round(child.total);
      }
    }
    levels.push({ values });
    level = next;
  }
  return { names: [...names.keys()], levels, total: Math.round(root.total), maxSelf };
}

/** Children, largest first; the small ones as one. */
function shown(node: Node, least: number): Node[] {
  const sorted = [...node.children.values()].toSorted((a, b) => b.total - a.total);
  const large = sorted.filter(({ total }) => total > least || least === 0);
  const rest = sorted.slice(large.length).reduce((sum, { total }) => sum + total, 0);
  return rest > 0 ? [...large, { ...nodeOf('other'), total: rest, self: rest }] : large;
}
