// Writes the tree of a C++ name as C++: types around names, inside out.
// Upstream: ianlancetaylor/demangle ast.go, 2025-04-17
import type { Node } from './itanium-nodes.ts';
import { expressionPrinters } from './itanium-print-expressions.ts';
import { namePrinters } from './itanium-print-names.ts';
import { printAsInner, typePrinters } from './itanium-print-types.ts';
import { Printer, type Printers, type PrintOptions } from './itanium-printer.ts';

const printers: Printers = { ...namePrinters, ...typePrinters, ...expressionPrinters };

/** The text of a tree. Throws {@link NameTooLong}. */
export function printName(node: Node, options: PrintOptions): string {
  const printer = new Printer(options, printers, printAsInner);
  printer.print(node, true);
  return printer.text;
}
