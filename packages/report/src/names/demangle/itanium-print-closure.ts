// How the parameters of a lambda are written.
// Upstream: ianlancetaylor/demangle ast.go, 2025-04-17
import type { Closure } from './itanium-nodes.ts';
import type { Printer } from './itanium-printer.ts';

export function printClosure(p: Printer, node: Closure): void {
  if (node.templateArgs.length > 0) {
    p.write('<');
    p.list(node.templateArgs);
    p.write('>');
  }
  if (node.templateConstraint !== undefined) {
    p.write(' requires ');
    p.print(node.templateConstraint);
    p.write(' ');
  }
  p.write('(');
  p.list(node.list);
  p.write(')');
  if (node.callConstraint !== undefined) {
    p.write(' requires ');
    p.print(node.callConstraint);
  }
}
