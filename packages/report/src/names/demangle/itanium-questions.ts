// What the reader of mangled C++ names asks of a name that it has read.
// Upstream: ianlancetaylor/demangle demangle.go, 2025-04-17
import type { Node, Template } from './itanium-nodes.ts';

/** Does the mangled form of this name state the type of the result? */
export function statesResult(node: Node): boolean {
  switch (node.kind) {
    case 'qualified':
      return node.local && statesResult(node.name);
    case 'template':
      return !isSpecialMember(node.name);
    case 'cvType':
      return statesResult(node.base);
    case 'cvMethod':
      return statesResult(node.method);
    default:
      return false;
  }
}

/** Constructors, destructors and conversions state no result. */
function isSpecialMember(node: Node): boolean {
  if (node.kind === 'qualified') return isSpecialMember(node.name);
  return node.kind === 'constructor' || node.kind === 'destructor' || node.kind === 'cast';
}

/** The template whose arguments the types of a function refer to. */
export function templateOf(node: Node): Template | undefined {
  switch (node.kind) {
    case 'template':
      return node;
    case 'qualified':
      return node.local || node.name.kind === 'constructor' ? templateOf(node.name) : undefined;
    case 'cvMethod':
      return templateOf(node.method);
    case 'constructor':
      return node.base === undefined ? undefined : templateOf(node.base);
    default:
      return undefined;
  }
}

/** The part of a name that a constructor or destructor repeats. */
export function lastName(node: Node): Node {
  let last = node;
  while (last.kind === 'template' || last.kind === 'qualified' || last.kind === 'tagged') last = last.name;
  return last;
}
