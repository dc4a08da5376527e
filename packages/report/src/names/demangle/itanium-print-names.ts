// How names of C++ are written: scopes, templates, closures, what compilers make.
// Upstream: ianlancetaylor/demangle ast.go, 2025-04-17
import type { NodeOf, Printer, Printers } from './itanium-printer.ts';
import { printClosure } from './itanium-print-closure.ts';

function printText(p: Printer, node: NodeOf<'name' | 'builtin'>): void {
  p.write(node.text);
}

export const namePrinters: Pick<
  Printers,
  | 'bindings'
  | 'builtin'
  | 'clone'
  | 'closure'
  | 'constrained'
  | 'constructor'
  | 'defaultArg'
  | 'destructor'
  | 'enableIf'
  | 'explicitThis'
  | 'friend'
  | 'globalCtor'
  | 'inModule'
  | 'module'
  | 'name'
  | 'operator'
  | 'paramArg'
  | 'paramName'
  | 'qualified'
  | 'special'
  | 'special2'
  | 'tagged'
  | 'template'
  | 'templateParam'
  | 'typed'
  | 'unnamed'
> = {
  name: printText,
  builtin: printText,
  typed(p, node) {
    // The types around this name are its own only.
    const held = p.inner;
    p.inner = [node];
    p.print(node.type);
    if (p.inner.length > 0) {
      p.write(' ');
      p.print(node.name);
    }
    p.inner = held;
  },
  qualified(p, node) {
    p.print(node.scope);
    p.write('::');
    p.print(node.name);
  },
  template(p, node) {
    const held = p.inner;
    p.inner = [];
    p.print(node.name);
    if (p.options.templateArguments) {
      // `operator<` needs a blank before its arguments, and `>>` must not come about.
      if (p.last === '<') p.write(' ');
      p.write('<');
      p.list(node.list, p.isEmpty);
      p.write(p.last === '>' ? ' >' : '>');
    }
    p.inner = held;
  },
  templateParam(p, node) {
    const argument = node.template?.list[node.index];
    if (argument !== undefined) p.print(argument);
  },
  paramArg(p, node) {
    p.print(node.arg);
  },
  operator(p, node) {
    p.write(/^[a-z]/.test(node.text) ? 'operator ' : 'operator');
    p.write(node.text.replace(/ $/, ''));
  },
  constructor(p, node) {
    p.print(node.name);
  },
  destructor(p, node) {
    p.write('~');
    p.print(node.name);
  },
  globalCtor(p, node) {
    p.write(`global ${node.constructors ? 'constructors' : 'destructors'} keyed to `);
    p.print(node.name);
  },
  tagged(p, node) {
    p.print(node.name);
    p.write('[abi:');
    p.print(node.tag);
    p.write(']');
  },
  paramName(p, node) {
    p.write(node.index > 0 ? `${node.prefix}${node.index - 1}` : node.prefix);
  },
  defaultArg(p, node) {
    p.write(`{default arg#${node.index + 1}}::`);
    p.print(node.name);
  },
  closure(p, node) {
    p.write('{lambda');
    printClosure(p, node);
    p.write(`#${node.index + 1}}`);
  },
  bindings(p, node) {
    p.write('[');
    p.list(node.list);
    p.write(']');
  },
  unnamed(p, node) {
    p.write(`{unnamed type#${node.index + 1}}`);
  },
  clone(p, node) {
    p.print(node.base);
    p.write(` [clone ${node.text}]`);
  },
  special(p, node) {
    p.write(node.text);
    p.print(node.base);
  },
  special2(p, node) {
    p.write(node.text);
    p.print(node.base);
    p.write(node.middle);
    p.print(node.other);
  },
  enableIf(p, node) {
    p.print(node.type);
    p.write(' [enable_if:');
    p.list(node.list);
    p.write(']');
  },
  module(p, node) {
    if (node.parent !== undefined) p.print(node.parent);
    if (node.partition) p.write(':');
    else if (node.parent !== undefined) p.write('.');
    p.print(node.name);
  },
  inModule(p, node) {
    p.print(node.name);
    p.write('@');
    p.print(node.module);
  },
  friend(p, node) {
    p.write('friend ');
    p.print(node.name);
  },
  constrained(p, node) {
    p.print(node.name);
    p.write(' requires ');
    p.print(node.requirement);
  },
  explicitThis(p, node) {
    p.write('this ');
    p.print(node.base);
  },
};
